import type { Capability } from "../../control-plane/ControlPlaneClient.ts"
import type { Currency } from "../../domain/currencies.ts"
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
  /** The names of the tokens, or their addresses if they have none, for people: `"pathUSD or USDC.e"`. */
  readonly currency: string
  /** Tempo's tokens, in the order of the challenges; none for another payment method. */
  readonly currencies: ReadonlyArray<Currency>
  /** The chain's name, for people; for another payment method the method's name. */
  readonly network: string
  /** The options by which mppx finds the chain, with a blank before them, or an empty string. */
  readonly mppxOptions: string
  /** How long a deployment lives, in hours. */
  readonly ttlHours: number
  /** How many days ahead a renewal may reach. */
  readonly maxDays: number
  /** How many deployments one payer may have at once. */
  readonly maxLive: number
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

/** The ways to pay, one a line. */
export const offerList = (service: ServiceInfo, offers: ServiceInfo["offers"]): string =>
  offers
    .map(
      ({ method, intent, amount, currency }) =>
        `- method \`${method}\`, intent \`${intent}\`, amount \`${amount}\` base units of \`${currency}\`` +
        (service.tempo ? ` (${nameOf(service, currency)}6 decimals), on ${service.network}` : "")
    )
    .join("\n")

/** The name of a token and a comma; nothing for one without a name. */
const nameOf = ({ currencies }: ServiceInfo, currency: string): string => {
  const known = currencies.find(({ address, name }) => address === currency && name !== currency)
  return known === undefined ? "" : `${known.name}, `
}

/** How a client picks one of several tokens. The example picks the last one, because clients pay the first by themselves. */
export const tokenChoice = ({ currencies }: ServiceInfo): string => {
  const last = currencies.at(-1)
  if (last === undefined || currencies.length < 2) return ""
  return `
Each 402 has one challenge for each token, at one price. Answer one of them; the order is the same whichever you pay. The mppx command
line pays in a token that its wallet holds. Code with mppx pays the first challenge unless it picks another, here ${last.name}:

\`\`\`ts
const mine = ({ challenge }) => challenge.request.currency === "${last.address}"
Mppx.create({ methods: [tempo.charge({ account })], orderChallenges: (all) => [...all.filter(mine), ...all] })
\`\`\`
If a credential cannot be paid, the fresh 402 begins with the tokens in which its account could pay.
`
}
