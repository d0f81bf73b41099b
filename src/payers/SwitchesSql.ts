/** A decision of the operator, with its reason. */
export interface Decision {
  readonly reason: string
  /** Unix milliseconds. */
  readonly at: number
}

/** The operator's switches. */
export interface SalesState {
  /** Why nothing is sold; null while sales are on. */
  readonly paused: Decision | null
  /** The payers that nothing is sold to, newest first. Addresses are in lower case. */
  readonly denied: ReadonlyArray<Decision & { readonly address: string }>
}

/** The switches as far as they concern one payer; null for each that is not set. */
export interface PayerSwitches {
  readonly paused: Decision | null
  readonly denied: Decision | null
}

/** One row for each switch: `name` is "paused", or the address of a payer. */
const schema = "CREATE TABLE IF NOT EXISTS switch (name TEXT PRIMARY KEY, reason TEXT NOT NULL, at INTEGER NOT NULL)"

/** The name of the switch that stops all sales. No address is called so. */
const PAUSED = "paused"

type Row = { name: string; reason: string; at: number }

/** Keeps the operator's switches in the storage of the reserved object. */
export const makeSwitchesSql = (sql: SqlStorage) => {
  let ready: boolean | undefined
  const isReady = () => (ready ??= sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'switch'").toArray().length > 0)
  const decision = (name: string): Decision | null => {
    if (!isReady()) return null
    const [row] = sql.exec<Row>("SELECT * FROM switch WHERE name = ?", name).toArray()
    return row === undefined ? null : { reason: row.reason, at: row.at }
  }
  const set = (name: string, reason: string, at: number): void => {
    if (!isReady()) sql.exec(schema)
    ready = true
    sql.exec("INSERT OR REPLACE INTO switch VALUES (?, ?, ?)", name, reason, at)
  }
  const clear = (name: string): void => void (isReady() && sql.exec("DELETE FROM switch WHERE name = ?", name))
  return {
    deny: (address: string, reason: string, now: number): void => set(address, reason, now),
    allow: (address: string): void => clear(address),
    pause: (reason: string, now: number): void => set(PAUSED, reason, now),
    resume: (): void => clear(PAUSED),
    /** The switches that concern this payer. */
    of: (address: string): PayerSwitches => ({ paused: decision(PAUSED), denied: decision(address) }),
    state: (): SalesState => ({
      paused: decision(PAUSED),
      denied: isReady()
        ? sql
            .exec<Row>("SELECT * FROM switch WHERE name <> ? ORDER BY at DESC, name", PAUSED)
            .toArray()
            .map(({ name, reason, at }) => ({ address: name, reason, at }))
        : []
    }),
    isEmpty: (): boolean => !isReady() || sql.exec("SELECT 1 FROM switch LIMIT 1").toArray().length === 0
  }
}
