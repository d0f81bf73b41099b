import type { Files } from "../../domain/Order.ts"
import type { Sealed } from "../secrets/seal.ts"
import type { Kept, Slot } from "./Kept.ts"
import { joinParts, splitParts } from "./parts.ts"

/**
 * Tables of their own, so that objects of earlier releases get them too, when they are first needed:
 *
 * - `source` — the files of a deployment as JSON, cut like the uploads.
 * - `secret` — one row for each secret of a deployment: its name, and its value encrypted (`secrets/seal.ts`).
 */
const schema = `
  CREATE TABLE IF NOT EXISTS source (id TEXT NOT NULL, slot TEXT NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (id, slot, part));
  CREATE TABLE IF NOT EXISTS secret (id TEXT NOT NULL, slot TEXT NOT NULL, name TEXT NOT NULL, sealed TEXT NOT NULL, PRIMARY KEY (id, slot, name));
`

/** Keeps source and secrets of deployments in the storage of an order's object. */
export const makeKeptSql = (sql: SqlStorage) => {
  let ready = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'secret'").toArray().length > 0
  const bySlot = (query: string, id: string) => (ready ? sql.exec(query, id).toArray() : [])

  return {
    /** Makes the tables. Runs outside of transactions, because a rollback would remove them. */
    prepare: () => {
      if (!ready) sql.exec(schema)
      ready = true
    },
    write: (id: string, slot: Slot, { source, secrets = {} }: Kept) => {
      if (source !== undefined) {
        sql.exec("DELETE FROM source WHERE id = ? AND slot = ?", id, slot)
        for (const [part, bytes] of splitParts(JSON.stringify(source)).entries()) {
          sql.exec("INSERT INTO source VALUES (?, ?, ?, ?)", id, slot, part, bytes)
        }
      }
      for (const [name, sealed] of Object.entries(secrets)) {
        sql.exec("INSERT OR REPLACE INTO secret VALUES (?, ?, ?, ?)", id, slot, name, sealed)
      }
    },
    /** The source and the secrets of an update become those of the live deployment. */
    promote: (id: string) => {
      if (!ready) return
      if (sql.exec("SELECT 1 FROM source WHERE id = ? AND slot = 'next' LIMIT 1", id).toArray().length > 0) {
        sql.exec("DELETE FROM source WHERE id = ? AND slot = 'live'", id)
      }
      sql.exec("UPDATE source SET slot = 'live' WHERE id = ? AND slot = 'next'", id)
      sql.exec("UPDATE OR REPLACE secret SET slot = 'live' WHERE id = ? AND slot = 'next'", id)
    },
    /** Deletes source and secrets of an update, or all of a deployment. */
    delete: (id: string, slot?: Slot) => {
      if (!ready) return
      for (const table of ["source", "secret"]) {
        sql.exec(`DELETE FROM ${table} WHERE id = ? AND slot IN (?, ?)`, id, slot ?? "live", slot ?? "next")
      }
    },
    source: (id: string): Files | undefined => {
      const rows = bySlot(
        "SELECT bytes FROM source WHERE id = ?1 AND slot = (SELECT max(slot) FROM source WHERE id = ?1) ORDER BY part",
        id
      )
      // `write` above has written this text.
      return rows.length === 0
        ? undefined
        : (JSON.parse(joinParts(rows.map(({ bytes }) => bytes as ArrayBuffer))) as Files)
    },
    secrets: (id: string): Sealed =>
      // "next" comes after "live", and replaces it.
      Object.fromEntries(
        bySlot("SELECT name, sealed FROM secret WHERE id = ? ORDER BY slot", id).map(({ name, sealed }) => [
          name as string,
          sealed as string
        ])
      ),
    /** The object deletes everything. The tables are made again when they are needed. */
    forget: () => {
      ready = false
    }
  }
}
