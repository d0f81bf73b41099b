import * as Schema from "effect/Schema"
import type { Document, Operation } from "./service.ts"

/** The categories of the directory. Those of the service that it does not know are left out. */
const CATEGORIES = ["ai", "blockchain", "compute", "data", "media", "search", "social", "storage", "web"] as const

const Https = Schema.String.check(Schema.isPattern(/^https:\/\/[^\s]+$/))
const Filled = Schema.String.check(Schema.isPattern(/\S/))
const Slug = Schema.String.check(Schema.isPattern(/^[a-z0-9-]+$/))
const Amount = Schema.String.check(Schema.isPattern(/^\d+$/))

/** The chain of Tempo's mainnet. */
const MAINNET = 4217

/**
 * An entry of mpp.dev's directory: one member of `services` in `schemas/services.ts` of github.com/tempoxyz/mpp, with the rules
 * that its tests check. URLs are https.
 */
export const Entry = Schema.Struct({
  id: Slug,
  name: Filled,
  /** The provider's own page. */
  url: Https,
  /** The address that clients call. */
  serviceUrl: Https,
  description: Filled,
  icon: Schema.optionalKey(Https),
  categories: Schema.Array(Schema.Literals(CATEGORIES)).check(Schema.isMinLength(1), Schema.isUnique()),
  /** `first-party`: the operator of the service sells its own work, no proxy to another API. */
  integration: Schema.Literals(["first-party", "third-party"]),
  tags: Schema.Array(Slug).check(Schema.isUnique()),
  status: Schema.Literals(["active", "beta", "deprecated", "maintenance"]),
  docs: Schema.Struct({ homepage: Https, llmsTxt: Https, apiReference: Https }),
  /** The realm of the service's challenges. */
  realm: Filled,
  intent: Schema.Literals(["charge", "session"]),
  /** The first one is shown as the price of each endpoint. */
  payments: Schema.Array(
    Schema.Struct({
      method: Filled,
      currency: Filled,
      decimals: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 18 }))
    })
  ).check(Schema.isMinLength(1)),
  endpoints: Schema.Array(
    Schema.Struct({
      route: Schema.String.check(Schema.isPattern(/^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \/[a-zA-Z0-9/_:.\-*]*$/)),
      desc: Filled,
      /** Base units; absent for what is free. */
      amount: Schema.optionalKey(Amount),
      unitType: Schema.optionalKey(Filled)
    })
  ).check(Schema.isMinLength(1))
})
/** An entry of mpp.dev's directory. */
export type Entry = typeof Entry.Type

/** The decimals of a token, from an amount in base units and the same price in dollars: `"100000"` and `"0.10"` have 6. */
export const decimalsOf = (amount: string, price: string): number => {
  const decimals = Math.round(Math.log10(Number(amount) / Number(price)))
  if (Math.abs(Number(price) * 10 ** decimals - Number(amount)) < 1e-6) return decimals
  throw new Error(`The amount ${amount} is no power of ten times the price ${price}.`)
}

const offersOf = (operation: Operation) => operation["x-payment-info"]?.offers ?? []

const endpointOf = (path: string, method: string, operation: Operation) => {
  const [offer] = offersOf(operation)
  return {
    route: `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`,
    desc: operation.summary ?? operation.description ?? "",
    ...(offer !== undefined && { amount: offer.amount, unitType: "request" })
  }
}

/** Drops the sentence that leads to the guide, because `docs` has its address. */
const withoutLink = (description: string): string => description.replace(/ The guide for agents: \S+$/, "")

/**
 * Makes the entry of a service from its own discovery document, so that the two cannot differ. `name` is what people read.
 *
 * @throws Error if the service sells nothing at the moment; a schema error if the directory would refuse the entry.
 */
export const entryOf = (given: {
  readonly document: Document
  readonly realm: string
  /** The chain that is paid on; `undefined` for another payment method. */
  readonly chainId: number | undefined
  readonly hasIcon: boolean
  readonly name: string
}): Entry => {
  const { document, realm, chainId, hasIcon, name } = given
  const origin = document.servers[0].url
  if (!origin.startsWith("https://"))
    throw new Error(
      `The service calls itself ${origin}. The directory takes https:// addresses only: set PUBLIC_ORIGIN.`
    )
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation }))
  )
  const [first] = operations.flatMap(({ operation }) => operation["x-payment-info"] ?? [])
  const [offer] = first?.offers ?? []
  if (first === undefined || offer === undefined)
    throw new Error(`${origin} sells nothing at the moment. GET ${origin}/health says what is missing.`)
  const { categories, docs } = document["x-service-info"]
  return Schema.decodeUnknownSync(Entry)({
    id: name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, ""),
    name,
    url: docs.homepage,
    serviceUrl: origin,
    description: withoutLink(document.info.description),
    ...(hasIcon && { icon: `${origin}/favicon.svg` }),
    categories: categories.filter((category) => (CATEGORIES as ReadonlyArray<string>).includes(category)),
    integration: "first-party",
    tags: ["deploy", "hosting", "code-execution", "javascript", "typescript", "npm", "workers"],
    status: chainId === undefined || chainId === MAINNET ? "active" : "beta",
    docs: { homepage: docs.homepage, llmsTxt: docs.llms, apiReference: docs.apiReference },
    realm,
    intent: offer.intent,
    payments: first.offers.map(({ method, currency, amount }) => ({
      method,
      currency,
      decimals: decimalsOf(amount, first.price.amount)
    })),
    endpoints: operations.map(({ path, method, operation }) => endpointOf(path, method, operation))
  })
}
