import type { Purchase } from "../purchase/Purchase.ts"
import { isListed, NOTICE_LEASE_MS, noticeOf, type Outbox, statusDigest } from "./Outbox.ts"

/**
 * A table of its own, so that objects of earlier releases get it too, with the next write of a purchase: one row for each deployment.
 * `digest` is that of the newest status, and `due` is null once the payer's object has taken it.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS outbox (id TEXT PRIMARY KEY, seq INTEGER NOT NULL, digest TEXT NOT NULL, attempts INTEGER NOT NULL, due INTEGER);
`

/** Keeps the outbox in the storage of an order's object. `byId` reads a purchase, `wake` sets the object's alarm. */
export const makeOutboxSql = (sql: SqlStorage, byId: (id: string) => Purchase | undefined, wake: () => void) => {
  let ready = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'outbox'").toArray().length > 0
  const rows = <Row extends Record<string, SqlStorageValue>>(
    query: string,
    ...values: ReadonlyArray<SqlStorageValue>
  ) => (ready ? sql.exec<Row>(query, ...values).toArray() : [])

  const outbox: Outbox = {
    next: (now) => {
      const [row] = rows<{ id: string; attempts: number }>(
        "SELECT id, attempts FROM outbox WHERE due IS NOT NULL AND (attempts = 0 OR due <= ?) LIMIT 1",
        now
      )
      return row
    },
    read: (id) => {
      const [row] = rows<{ seq: number }>("SELECT seq FROM outbox WHERE id = ? AND due IS NOT NULL", id)
      const purchase = row && byId(id)
      return purchase && noticeOf(purchase, row.seq)
    },
    trying: (id, due) => {
      sql.exec("UPDATE outbox SET attempts = attempts + 1, due = ? WHERE id = ?", due, id)
      wake()
    },
    taken: (id, seq) => {
      sql.exec("UPDATE outbox SET due = NULL WHERE id = ? AND seq = ?", id, seq)
      wake()
    },
    isPending: (id) => rows("SELECT 1 FROM outbox WHERE id = ? AND due IS NOT NULL", id).length > 0
  }

  return {
    outbox,
    /** Makes the table, if the purchase has notices. Runs outside of transactions, because a rollback would remove it. */
    prepare: (purchase: Purchase) => {
      if (!isListed(purchase)) return
      if (!ready) sql.exec(schema)
      ready = true
    },
    /** Writes a notice if the status of the purchase is another than in the last one. */
    write: (purchase: Purchase) => {
      if (!isListed(purchase)) return
      const digest = statusDigest(purchase)
      sql.exec(
        "INSERT INTO outbox VALUES (?1, 1, ?2, 0, ?3) ON CONFLICT (id) DO UPDATE SET seq = seq + 1, digest = ?2, attempts = 0, due = ?3 WHERE digest <> ?2",
        purchase.id,
        digest,
        Date.now() + NOTICE_LEASE_MS
      )
    },
    /** Whether another deployment than this one has a notice that was not taken. */
    hasOthers: (id: string): boolean =>
      rows("SELECT 1 FROM outbox WHERE id <> ? AND due IS NOT NULL LIMIT 1", id).length > 0,
    delete: (id: string) => void (ready && sql.exec("DELETE FROM outbox WHERE id = ?", id)),
    /** When the next notice is due, in unix milliseconds; `undefined` for none. */
    due: (): number | undefined =>
      rows<{ due: number | null }>("SELECT min(due) AS due FROM outbox")[0]?.due ?? undefined,
    /** Whether a notice was never sent. */
    hasNew: () => rows("SELECT 1 FROM outbox WHERE due IS NOT NULL AND attempts = 0 LIMIT 1").length > 0,
    /** The object deletes everything. The table is made again when it is needed. */
    forget: () => {
      ready = false
    }
  }
}
