import { type Column, type Table, valueIn } from "./table.ts"

const DAY_SECONDS = 86_400

/** A limit that many deploys reach together. */
interface Limit {
  readonly name: string
  /** The limit, in words and for a day. */
  readonly allows: string
  readonly perDay: number
  /** The share of one deploy. */
  readonly takes: number
}

/** How many deploys a day each limit allows, the lowest first. docs/scale.md says where each stands, and what to do then. */
export const limitTable = (counted: Table, measured: Table): Table => {
  const deploy = (column: Column) => valueIn(counted, "deploy", column)
  const requests = deploy("requests") + valueIn(counted, "402", "requests")
  const seconds = (valueIn(measured, "deploy", "object ms") + valueIn(measured, "expiry", "object ms")) / 1000
  const perMinute = (count: number) => (count * DAY_SECONDS) / 60
  const limits: ReadonlyArray<Limit> = [
    {
      name: "Tempo's public API without a key",
      allows: "20 requests a minute for each address",
      perDay: perMinute(20),
      takes: deploy("chain")
    },
    {
      name: "object time on Jack",
      allows: "8 hours in 24",
      perDay: 8 * 3600,
      takes: Number(seconds.toPrecision(2))
    },
    {
      name: "Cloudflare's API, for a host of one's own",
      allows: "1,200 requests in 5 minutes for each token",
      perDay: perMinute(1200 / 5),
      // An upload and a delete.
      takes: 2
    },
    {
      name: "requests to a project on Jack",
      allows: "1,000 a minute",
      perDay: perMinute(1000),
      takes: requests
    },
    {
      name: "the object of one payer",
      allows: "1,000 requests a second",
      perDay: 1000 * DAY_SECONDS,
      takes: deploy("payer")
    },
    {
      name: "the operator's object, which all purchases ask",
      allows: "1,000 requests a second",
      perDay: 1000 * DAY_SECONDS,
      takes: deploy("operator")
    },
    { name: "payments on Tempo", allows: "20,000 a second", perDay: 20_000 * DAY_SECONDS, takes: 1 }
  ]
  const deploys = ({ perDay, takes }: Limit) => Number((perDay / takes).toPrecision(2))
  return {
    columns: ["allows", "a deploy takes", "deploys a day"],
    rows: new Map(
      limits
        .toSorted((one, other) => deploys(one) - deploys(other))
        .map((limit) => [limit.name, [limit.allows, String(limit.takes), deploys(limit).toLocaleString("en-US")]])
    )
  }
}
