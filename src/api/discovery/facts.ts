import type { Offer } from "../../payment/offers.ts"

/** What discovery says about this service: everything that depends on where it runs and how it is set. */
export interface Facts {
  /** Where it is: `https://…`, no slash at the end. */
  readonly origin: string
  /** Whether `origin` is the one that the settings name, the same for every request. */
  readonly originIsSet: boolean
  /** The settings that are missing; while there are any, nothing can be bought. */
  readonly missing: ReadonlyArray<string>
  /** What a deploy costs, in dollars: `"0.10"`. */
  readonly price: string
  /** What a deploy can be paid with; none while settings are missing. */
  readonly offers: ReadonlyArray<Offer>
  /** Whether payments are Tempo's: of another rail's clients nothing is known here. */
  readonly tempo: boolean
  /** The token, by its name where it has one. */
  readonly currency: string
  /** The chain, for people; of another rail its method. */
  readonly network: string
  /** What mppx has to be told to find the chain: options with a blank before them, or nothing. */
  readonly mppxOptions: string
  /** How long a deployment lives, in hours. */
  readonly ttlHours: number
  /** The hosts that modules may be imported from by URL. */
  readonly importHosts: ReadonlyArray<string>
  /** Whether bundles are started before anybody is charged. */
  readonly startCheck: boolean
  /** What running code once costs, and what it can be paid with; `undefined` where no code can be loaded. */
  readonly execute: { readonly price: string; readonly offers: ReadonlyArray<Offer> } | undefined
}

/** How long a deployment lives, in words. */
export const hours = ({ ttlHours }: Facts): string => (ttlHours === 1 ? "1 hour" : `${ttlHours} hours`)
