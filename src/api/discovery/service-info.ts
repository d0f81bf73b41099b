import type { PaymentOffer } from "../../payment/service-offers.ts"

/** Discovery says this about the service: everything that depends on where it runs and how it is set. */
export interface ServiceInfo {
  /** Where it is: `https://…`, no slash at the end. */
  readonly origin: string
  /** Whether `origin` is the one that the settings name, the same for every request. */
  readonly originIsSet: boolean
  /** The settings that are missing; while there are any, nothing can be bought. */
  readonly missing: ReadonlyArray<string>
  /** A deploy costs this, in dollars: `"0.10"`. */
  readonly price: string
  /** The ways to pay for a deploy; none while settings are missing. */
  readonly offers: ReadonlyArray<PaymentOffer>
  /** Whether payments are Tempo's: of another rail's clients nothing is known here. */
  readonly tempo: boolean
  /** The token, by its name where it has one. */
  readonly currency: string
  /** The chain, for people; of another rail its method. */
  readonly network: string
  /** mppx needs this to find the chain: options with a blank before them, or nothing. */
  readonly mppxOptions: string
  /** How long a deployment lives, in hours. */
  readonly ttlHours: number
  /** The hosts that modules may be imported from by URL. */
  readonly importHosts: ReadonlyArray<string>
  /** Whether bundles are started before anybody is charged. */
  readonly startCheck: boolean
  /** The price of running code once, and the ways to pay it; `undefined` where no code can be loaded. */
  readonly execute: { readonly price: string; readonly offers: ReadonlyArray<PaymentOffer> } | undefined
}

/** How long a deployment lives, in words. */
export const hours = ({ ttlHours }: ServiceInfo): string => (ttlHours === 1 ? "1 hour" : `${ttlHours} hours`)
