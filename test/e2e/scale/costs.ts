import { KEPT_DAYS, OBJECT_GB, PRICES, REVENUE } from "./prices.ts"
import { type Column, type Table, valueIn } from "./table.ts"

/** The columns of what is measured. docs/scale.md explains them. */
export const MEASURES = ["CPU ms", "object ms", "object bytes", "KV bytes, a day", "KV bytes, 400 days"] as const

type Measure = (typeof MEASURES)[number]

/** All that happens for one purchase, from its challenge until nothing is left of it. */
const LIVES = {
  deploy: [
    "402",
    "deploy",
    "payer's alarm, a minute later",
    "expiry",
    "forgetting, a week later",
    "payer's alarm, a week later"
  ],
  execute: [
    "402",
    "execute",
    "payer's alarm, a minute later",
    "expiry of an execution",
    "forgetting, a week later",
    "payer's alarm, a week later"
  ]
} as const

type Kind = keyof typeof LIVES

/** One price, and how much of it one purchase takes. */
interface Item {
  readonly name: string
  readonly amount: number
  readonly price: number
}

const MILLION = 1e6
const GB = 1e9
const MONTH_DAYS = 30

const itemsOf = (kind: Kind, counted: Table, measured: Table): ReadonlyArray<Item> => {
  const count = (...columns: ReadonlyArray<Column>) =>
    LIVES[kind].reduce(
      (total, row) => total + columns.reduce((sum, column) => sum + valueIn(counted, row, column), 0),
      0
    )
  const measure = (column: Measure, row: string = kind) => valueIn(measured, row, column)
  const end = kind === "deploy" ? "expiry" : "expiry of an execution"
  const objectDays = measure("object bytes") + KEPT_DAYS.order * measure("object bytes", end)
  const kvDays = measure("KV bytes, a day") + KEPT_DAYS.sale * measure("KV bytes, 400 days")
  return [
    { name: "requests", amount: count("requests"), price: PRICES.request },
    { name: "CPU, ms", amount: measure("CPU ms") + measure("CPU ms", end), price: PRICES.cpuMs },
    { name: "object requests", amount: count("order", "payer", "operator", "alarms"), price: PRICES.objectRequest },
    {
      name: "object time, GB-s",
      amount: ((measure("object ms") + measure("object ms", end)) / 1000) * OBJECT_GB,
      price: PRICES.objectGbSecond
    },
    { name: "rows read", amount: count("rows read"), price: PRICES.rowRead },
    { name: "rows written", amount: count("rows written"), price: PRICES.rowWritten },
    { name: "objects' storage, GB-months", amount: objectDays / GB / MONTH_DAYS, price: PRICES.objectGbMonth },
    { name: "KV reads", amount: count("KV reads"), price: PRICES.kvRead },
    { name: "KV writes, deletes, lists", amount: count("KV writes", "KV deletes", "KV lists"), price: PRICES.kvWrite },
    { name: "KV storage, GB-months", amount: kvDays / GB / MONTH_DAYS, price: PRICES.kvGbMonth },
    {
      name: "log events",
      amount: count("log lines", "requests", "order", "payer", "operator", "alarms"),
      price: PRICES.logEvent
    }
  ]
}

const dollars = (value: number): string =>
  `$${value.toLocaleString("en-US", value < 100 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 })}`
const short = (value: number): string => (value === 0 ? "0" : String(Number(value.toPrecision(3))))
const perUnit = (price: number): string => (price < 1e-3 ? `${dollars(price * MILLION)} a million` : dollars(price))

/** The cost of a million purchases a day at list prices, and their revenue. */
export const costTable = (counted: Table, measured: Table): Table => {
  const [deploy, execute] = (["deploy", "execute"] as const).map((kind) => itemsOf(kind, counted, measured)) as [
    ReadonlyArray<Item>,
    ReadonlyArray<Item>
  ]
  const cost = ({ amount, price }: Item) => amount * price * MILLION
  const total = (items: ReadonlyArray<Item>) => items.reduce((sum, item) => sum + cost(item), 0)
  const isolates = (kind: Kind) => valueIn(counted, kind, "isolates")
  const calls = (kind: Kind) => valueIn(counted, kind, "isolate calls")
  const loaded = (kind: Kind) => (isolates(kind) * PRICES.isolate + calls(kind) * PRICES.request) * MILLION
  const rows = deploy.map((item, index) => {
    const other = execute[index]!
    return [
      item.name,
      [perUnit(item.price), short(item.amount), dollars(cost(item)), short(other.amount), dollars(cost(other))]
    ] as const
  })
  return {
    columns: ["price", "one deploy", "a million", "one execution", "a million executions"],
    rows: new Map<string, ReadonlyArray<string>>([
      ...rows,
      ["all of these", ["", "", dollars(total(deploy)), "", dollars(total(execute))]],
      [
        "isolates of the Worker Loader",
        [
          dollars(PRICES.isolate),
          short(isolates("deploy")),
          dollars(loaded("deploy")),
          short(isolates("execute")),
          dollars(loaded("execute"))
        ]
      ],
      [
        "revenue",
        [
          "",
          dollars(REVENUE.deploy),
          dollars(REVENUE.deploy * MILLION),
          dollars(REVENUE.execute),
          dollars(REVENUE.execute * MILLION)
        ]
      ]
    ])
  }
}
