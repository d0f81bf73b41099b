import { isEnded, type Notice, type Status } from "../domain/Status.ts"
import { pageOf, type DeploymentPage, forgottenAt, PAGE_SIZE, parseCursor } from "./page.ts"
import type { Full } from "./refusals.ts"

/**
 * A table of its own, so that objects of earlier releases get it too: one row for each deployment of the payer. `until` is null until
 * the deployment ends, and then the time at which the row is dropped.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS deployment (id TEXT PRIMARY KEY, seq INTEGER NOT NULL, created INTEGER NOT NULL, status TEXT NOT NULL, until INTEGER);
  CREATE INDEX IF NOT EXISTS deployment_created ON deployment (created, id);
  CREATE INDEX IF NOT EXISTS deployment_until ON deployment (until);
`

/** Keeps the deployments of one payer in the storage of its object. Every time is in unix milliseconds. */
export const makeDeploymentsSql = (sql: SqlStorage) => {
  let ready: boolean | undefined
  /** Whether there is a table. The first call reads it, because an object that is asked for nothing else reads no storage. */
  const isReady = () =>
    (ready ??= sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'deployment'").toArray().length > 0)

  return {
    /** Takes a notice, unless a newer one of the same deployment was taken. Taking it again changes nothing. */
    record: ({ id, seq, createdAt, status }: Notice, now: number): void => {
      if (!isReady()) sql.exec(schema)
      ready = true
      sql.exec(
        "INSERT INTO deployment VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO UPDATE SET seq = ?2, status = ?4, until = ?5 WHERE seq < ?2",
        id,
        seq,
        createdAt,
        JSON.stringify(status),
        isEnded(status) ? forgottenAt(now) : null
      )
    },
    /** The newest deployments, from the cursor on. */
    page: (cursor: string | undefined): DeploymentPage => {
      if (!isReady()) return { deployments: [], next: null }
      const { createdAt, id } = parseCursor(cursor)
      const rows = sql
        .exec<{ id: string; created: number; status: string }>(
          "SELECT id, created, status FROM deployment WHERE (created, id) < (?, ?) ORDER BY created DESC, id DESC LIMIT ?",
          createdAt,
          id,
          PAGE_SIZE + 1
        )
        .toArray()
      return pageOf(
        // `record` above has written this text.
        rows.map((row) => ({ id: row.id, createdAt: row.created, status: JSON.parse(row.status) as Status }))
      )
    },
    /** How many count as live: all that were or may be charged, and are not over. `endsAt` as in `Full`. */
    live: (): Full & { readonly count: number } => {
      if (!isReady()) return { count: 0, endsAt: null }
      return sql
        .exec<{ count: number; endsAt: string | null }>(
          "SELECT count(*) AS count, min(json_extract(status, '$.expires_at')) AS endsAt FROM deployment WHERE until IS NULL"
        )
        .one()
    },
    isEmpty: (): boolean => !isReady() || sql.exec("SELECT 1 FROM deployment LIMIT 1").toArray().length === 0,
    /** Drops the rows of deployments that ended days ago. */
    prune: (now: number): void => {
      if (isReady()) sql.exec("DELETE FROM deployment WHERE until <= ?", now)
    },
    /** When the next row is dropped; `undefined` for never. */
    due: (): number | undefined =>
      isReady()
        ? (sql.exec<{ due: number | null }>("SELECT min(until) AS due FROM deployment").one().due ?? undefined)
        : undefined,
    /** The object deletes everything. The table is made again when it is needed. */
    forget: (): void => {
      ready = false
    }
  }
}
