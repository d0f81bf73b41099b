import { PROOF_TTL_MS } from "./PurchaseStore.ts"

/** A table of its own, so that objects of earlier releases get it too: the challenges of spent proofs, until they expire. */
const schema = "CREATE TABLE IF NOT EXISTS proof (challenge TEXT PRIMARY KEY, until INTEGER NOT NULL)"

/** Keeps spent proofs in the storage of an order's object. Each use deletes those whose challenges have expired. */
export const makeProofsSql = (sql: SqlStorage) => {
  let ready = false
  return {
    spend: (challengeId: string, now: number): boolean => {
      if (!ready) sql.exec(schema)
      ready = true
      sql.exec("DELETE FROM proof WHERE until <= ?", now)
      const { rowsWritten } = sql.exec("INSERT OR IGNORE INTO proof VALUES (?, ?)", challengeId, now + PROOF_TTL_MS)
      return rowsWritten > 0
    },
    /** The object deletes everything. The table is made again when it is needed. */
    forget: () => {
      ready = false
    }
  }
}
