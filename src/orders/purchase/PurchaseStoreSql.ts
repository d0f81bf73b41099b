import * as Schema from "effect/Schema"
import { makeOutboxSql } from "../notices/OutboxSql.ts"
import { makeProofsSql } from "../../payers/proofs.ts"
import { endOfUpdate, isKept, type Kept, slotOf } from "./Kept.ts"
import { makeKeptSql } from "./KeptSql.ts"
import { joinParts, splitParts } from "./parts.ts"
import { BuildFailureText, type Purchase, PurchaseRow, PurchaseText } from "./Purchase.ts"
import { BUILD_FAILURE_TTL_MS, keepsPayload, type Payload, PurchaseStore, START_OVER_MS } from "./PurchaseStore.ts"

/**
 * The storage schema of an order's object (SQLite, inside the Durable Object):
 *
 * - `purchase` — one row for each payment; `data` is the purchase as JSON, and the store searches by the other columns.
 * - `upload` — the payload of a purchase, as JSON cut into rows. The store deletes it once the purchase is live or failed, and
 *   writes it again while an update is in progress. The result of a run replaces the code that was run, until it expires.
 * - `claim` — the purchase that a key (`kind` = key) or a used challenge (`kind` = challenge) is bound to. Each one buys one
 *   purchase; a purchase that failed before any money moved releases it.
 * - `verdict` — at most one row: the reason why this body does not bundle.
 *
 * `KeptSql.ts` has the tables of source and secrets, `notices/OutboxSql.ts` that of notices to payers' objects, `payers/proofs.ts` that
 * of spent proofs.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS purchase (id TEXT PRIMARY KEY, state TEXT NOT NULL, due INTEGER, data TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS upload (id TEXT NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (id, part));
  CREATE TABLE IF NOT EXISTS claim (kind TEXT NOT NULL, name TEXT NOT NULL, purchase TEXT NOT NULL, PRIMARY KEY (kind, name));
  CREATE TABLE IF NOT EXISTS verdict (one INTEGER PRIMARY KEY CHECK (one = 1), data TEXT NOT NULL);
`

const decodePurchase = Schema.decodeSync(PurchaseText)
const encodePurchase = Schema.encodeSync(PurchaseText)
const decodeFailure = Schema.decodeSync(BuildFailureText)
const encodeFailure = Schema.encodeSync(BuildFailureText)

/** Makes the store of one object, in that object's storage. `onNotice` is called after a write that adds a notice. */
export const makePurchaseStore = (
  storage: DurableObjectStorage,
  onNotice: () => void = () => {}
): PurchaseStore["Service"] => {
  const { sql } = storage
  const kept = makeKeptSql(sql)
  const proofs = makeProofsSql(sql)
  // The store writes nothing before the first purchase, because a request for an unknown order must not leave data behind.
  let ready = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'purchase'").toArray().length > 0
  const rows = <Row extends Record<string, SqlStorageValue>>(
    query: string,
    ...values: ReadonlyArray<SqlStorageValue>
  ) => (ready ? sql.exec<Row>(query, ...values).toArray() : [])
  /** Runs outside of transactions, because a rollback would remove the tables. */
  const prepare = () => {
    if (!ready) sql.exec(schema)
    ready = true
  }
  const byId = (id: string) => purchases("id = ?", id)[0]
  const box = makeOutboxSql(sql, byId, () => wake())
  const write = (query: string, ...values: ReadonlyArray<SqlStorageValue>) => sql.exec(query, ...values)
  const forgetAll = () => {
    ready = false
    kept.forget()
    proofs.forget()
    box.forget()
    void storage.deleteAlarm()
    void storage.deleteAll()
  }
  const purchases = (query: string, ...values: ReadonlyArray<SqlStorageValue>): ReadonlyArray<Purchase> =>
    rows<{ data: string }>(`SELECT data FROM purchase WHERE ${query}`, ...values).map(({ data }) =>
      decodePurchase(data)
    )

  const wake = () => {
    const due = rows<{ due: number | null }>(
      "SELECT min(due) AS due FROM (SELECT due FROM purchase UNION SELECT json_extract(data, '$.at') + ? FROM verdict)",
      BUILD_FAILURE_TTL_MS
    )[0]?.due
    const next = Math.min(due ?? Infinity, box.due() ?? Infinity)
    // The store does not await the alarm. The object coalesces this write with the others, and its output gate holds every
    // answer until all of them are on disk.
    void (next === Infinity ? storage.deleteAlarm() : storage.setAlarm(next))
  }
  /** Sets the alarm after a write, and lets new notices go out. */
  const written = () => {
    wake()
    if (box.hasNew()) onNotice()
  }
  const put = (purchase: Purchase) => {
    const { id, state, due } = purchase
    const before = rows<{ data: string }>("SELECT data FROM purchase WHERE id = ?", id)[0]?.data
    const end = endOfUpdate(before === undefined ? undefined : decodePurchase(before), purchase)
    const data = withUnknownFields(encodePurchase(purchase), before)
    // A replaced row would be billed twice: as a row of the table, and of the index of its key.
    write(
      "INSERT INTO purchase VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE SET state = ?2, due = ?3, data = ?4",
      id,
      state,
      due,
      data
    )
    if (!keepsPayload(purchase)) write("DELETE FROM upload WHERE id = ?", id)
    if (!isKept(purchase)) kept.delete(id)
    else if (end === "taken") kept.promote(id)
    else if (end === "refused") kept.delete(id, "next")
    box.write(purchase)
  }
  const boundTo = (kind: "key" | "challenge", name: string) =>
    purchases("state <> 'failed' AND id = (SELECT purchase FROM claim WHERE kind = ? AND name = ?)", kind, name)[0]
  const bindKeys = (key: string, challengeId: string, id: string) => {
    for (const [kind, name] of [
      ["key", key],
      ["challenge", challengeId]
    ] as const) {
      if (boundTo(kind, name) === undefined) write("INSERT OR REPLACE INTO claim VALUES (?, ?, ?)", kind, name, id)
    }
  }

  const keep = (purchase: Purchase, payload?: Payload, added?: Kept) => {
    write("DELETE FROM upload WHERE id = ?", purchase.id)
    const parts = payload === undefined ? [] : splitParts(JSON.stringify(payload))
    for (const [part, bytes] of parts.entries()) {
      write("INSERT INTO upload VALUES (?, ?, ?)", purchase.id, part, bytes)
    }
    if (added !== undefined) kept.write(purchase.id, slotOf(purchase), added)
    put(purchase)
  }

  return PurchaseStore.of({
    inFlight: new Map(),
    inFlightUpdates: new Map(),
    byKey: (key) => boundTo("key", key),
    byChallenge: (challengeId) => boundTo("challenge", challengeId),
    outbox: box.outbox,
    byId,
    findUndelivered: (now) =>
      // As `isUndelivered` has it.
      purchases(
        "(state IN ('capturing', 'captured') OR (state = 'delivered' AND NOT json_extract(data, '$.answered') " +
          "AND (json_extract(data, '$.operation') <> 'renew' OR json_extract(data, '$.updatedAt') > ?))) " +
          "AND json_extract(data, '$.deletedAt') IS NULL LIMIT 1",
        now - START_OVER_MS
      )[0],
    findDue: (now) => {
      const due = purchases("due <= ?", now)
      // An alarm that rings too early, by another machine's clock, is also used up.
      wake()
      return due
    },
    save: (purchase) => {
      box.prepare(purchase)
      put(purchase)
      written()
    },
    create: (purchase, payload, added) => {
      prepare()
      box.prepare(purchase)
      if (added !== undefined) kept.prepare()
      storage.transactionSync(() => {
        keep(purchase, payload, added)
        bindKeys(purchase.key, purchase.challengeId, purchase.id)
      })
      written()
    },
    saveWithPayload: (purchase, payload, added) => {
      box.prepare(purchase)
      if (added !== undefined) kept.prepare()
      storage.transactionSync(() => keep(purchase, payload, added))
      written()
    },
    delete: (id) => {
      const isLast = rows("SELECT 1 FROM purchase WHERE id <> ? AND state <> 'failed' LIMIT 1", id).length === 0
      // A payer's object that never hears of a failed payment would count its deployment for ever.
      if (isLast && !box.hasOthers(id)) return forgetAll()
      storage.transactionSync(() => {
        write("DELETE FROM purchase WHERE id = ?", id)
        write("DELETE FROM upload WHERE id = ?", id)
        kept.delete(id)
        write("DELETE FROM claim WHERE purchase = ?", id)
        box.delete(id)
      })
      wake()
    },
    payload: (id) => {
      const parts = rows<{ bytes: ArrayBuffer }>("SELECT bytes FROM upload WHERE id = ? ORDER BY part", id)
      if (parts.length === 0) return undefined
      // `keep` above has written this text.
      return JSON.parse(joinParts(parts.map(({ bytes }) => bytes))) as Payload
    },
    source: kept.source,
    secrets: kept.secrets,
    spendProof: proofs.spend,
    bindKeys,
    buildFailure: () => rows<{ data: string }>("SELECT data FROM verdict").map(({ data }) => decodeFailure(data))[0],
    saveBuildFailure: (failure) => {
      prepare()
      write("INSERT OR REPLACE INTO verdict VALUES (1, ?)", encodeFailure(failure))
      wake()
    },
    clearBuildFailure: () => {
      if (rows("SELECT 1 FROM purchase LIMIT 1").length === 0) return forgetAll()
      write("DELETE FROM verdict")
      wake()
    }
  })
}

/**
 * Returns the text of a row with the fields of its text before that this release does not know. A later release may have written
 * them before it was rolled back, and money may depend on one of them, as it does on `holds`. `before` is undefined for a new row.
 */
export const withUnknownFields = (row: string, before: string | undefined): string => {
  if (before === undefined) return row
  // The store has written both texts.
  const unknown = Object.entries(JSON.parse(before) as object).filter(
    ([name]) => !Object.hasOwn(PurchaseRow.fields, name)
  )
  return unknown.length === 0 ? row : JSON.stringify({ ...Object.fromEntries(unknown), ...(JSON.parse(row) as object) })
}
