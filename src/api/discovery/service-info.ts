import type { Capability } from "../../control-plane/ControlPlaneClient.ts"
import type { PaymentOffer } from "../../payment/service-offers.ts"

/** The facts of the service that discovery documents state: everything that depends on its address and settings. */
export interface ServiceInfo {
  /** The service's address: `https://…`, no slash at the end. */
  readonly origin: string
  /** Whether `origin` comes from the settings, so that it is the same for every request. */
  readonly originIsSet: boolean
  /** The operator's e-mail address; `undefined` if there is none in the settings. */
  readonly contact: string | undefined
  /** The settings that are missing. While there are any, the paid endpoints are unavailable. */
  readonly missing: ReadonlyArray<string>
  /** The price of a deploy in dollars: `"0.10"`. */
  readonly price: string
  /** The ways to pay for a deploy; none while settings are missing. */
  readonly offers: ReadonlyArray<PaymentOffer>
  /** Whether payments are Tempo's. The documents know no commands for other payment methods. */
  readonly tempo: boolean
  /** The token's name, or its address if it has none. */
  readonly currency: string
  /** The chain's name, for people; for another payment method the method's name. */
  readonly network: string
  /** The options by which mppx finds the chain, with a blank before them, or an empty string. */
  readonly mppxOptions: string
  /** How long a deployment lives, in hours. */
  readonly ttlHours: number
  /** How many days ahead a renewal may reach. */
  readonly maxDays: number
  /** The hosts from which modules may be imported by URL. */
  readonly importHosts: ReadonlyArray<string>
  /** Whether code may import npm packages: `on`, switched `off`, or `unknown` where no registry is known. */
  readonly packages: "on" | "off" | "unknown"
  /** The means that a project may ask for: the host gives them, and the operator offers them. */
  readonly resources: ReadonlyArray<Capability>
  /** The most bytes of static files, beside the source. */
  readonly assetLimit: number
  /** Whether code is started before its payer is charged. */
  readonly startCheck: boolean
  /** The price of a run, and the ways to pay it; `undefined` if the service cannot load code. */
  readonly execute: { readonly price: string; readonly offers: ReadonlyArray<PaymentOffer> } | undefined
}

/** A number of bytes, in words. */
export const bytes = (count: number): string =>
  count > 0 && count % 1024 ** 2 === 0 ? `${count / 1024 ** 2} MiB` : `${count.toLocaleString("en")} bytes`

/** How long a deployment lives, in words. */
export const hours = ({ ttlHours }: ServiceInfo): string => (ttlHours === 1 ? "1 hour" : `${ttlHours} hours`)
