import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { hostOf, shortened, siteKey } from "./kv.ts"
import { InvalidCursor, Records, RecordsUnavailable } from "./Records.ts"
import { type Kind, keyOf, type Named, type Rows } from "./rows.ts"

/** The rows of `layerRecordsMemory`, by key. */
export class RecordsMemory {
  readonly rows = new Map<string, Rows[Kind]>()
  readonly sites = new Map<string, string>()
  /** While `false`, every call fails. */
  available = true

  /** The rows of one kind, by their keys. */
  of<K extends Kind>(kind: K): ReadonlyArray<Rows[K]> {
    return [...this.rows]
      .filter(([key]) => key.startsWith(`${kind}:`))
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([, row]) => row as Rows[K])
  }
}

/** Keeps the records in memory. A test reads them and makes them unavailable. */
export const layerRecordsMemory = (memory: RecordsMemory = new RecordsMemory()) => {
  const whenUp = Effect.suspend(() =>
    memory.available ? Effect.void : Effect.fail(new RecordsUnavailable({ message: "scripted" }))
  )
  return Layer.succeed(Records, {
    put: (kind, row) =>
      Effect.map(whenUp, () => {
        memory.rows.set(keyOf(kind, row), row)
        if ("url" in row) memory.sites.set(siteKey(hostOf(row.url)), row.deployment_id)
      }),
    remove: (kind, row) => Effect.map(whenUp, () => void memory.rows.delete(keyOf(kind, row))),
    list: (kind, { prefix = "", cursor, limit }) =>
      Effect.flatMap(whenUp, () => {
        const start = Number(cursor ?? 0)
        if (Number.isNaN(start)) return new InvalidCursor({ message: "scripted" })
        const all = memory.of(kind).filter((row) => keyOf(kind, row).startsWith(`${kind}:${prefix}`))
        const end = start + limit
        return Effect.succeed({
          rows: all.slice(start, end).map(shortened),
          cursor: end < all.length ? String(end) : null
        })
      }),
    get: <K extends Kind>(kind: K, row: Named[K]) =>
      Effect.map(whenUp, () => Option.fromUndefinedOr(memory.rows.get(keyOf(kind, row)) as Rows[K] | undefined)),
    findSite: (host) => Effect.map(whenUp, () => Option.fromUndefinedOr(memory.sites.get(siteKey(host))))
  })
}
