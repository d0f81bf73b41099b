/** A spent proof is kept this long, in milliseconds, because no challenge can be answered for longer. */
export const PROOF_TTL_MS = 600_000

/** A table of its own, so that objects of earlier releases get it too: the challenges of spent proofs, until they expire. */
const schema = "CREATE TABLE IF NOT EXISTS proof (challenge TEXT PRIMARY KEY, until INTEGER NOT NULL)"

/** Keeps spent proofs in the storage of an object. The challenge is the only reference of a proof. Times are in unix milliseconds. */
export const makeProofsSql = (sql: SqlStorage) => {
  let ready: boolean | undefined
  const isReady = () => (ready ??= sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'proof'").toArray().length > 0)
  /** Forgets the proofs whose challenges have expired. */
  const prune = (now: number): void => void (isReady() && sql.exec("DELETE FROM proof WHERE until <= ?", now))
  return {
    prune,
    /** Spends a proof, and returns whether it was unspent. */
    spend: (challengeId: string, now: number): boolean => {
      if (!isReady()) sql.exec(schema)
      ready = true
      prune(now)
      const { rowsWritten } = sql.exec("INSERT OR IGNORE INTO proof VALUES (?, ?)", challengeId, now + PROOF_TTL_MS)
      return rowsWritten > 0
    },
    /** When the last proof has expired; `undefined` if there is none. */
    expiry: (): number | undefined =>
      isReady()
        ? (sql.exec<{ last: number | null }>("SELECT max(until) AS last FROM proof").one().last ?? undefined)
        : undefined,
    /** The object deletes everything. The table is made again when it is needed. */
    forget: (): void => {
      ready = false
    }
  }
}

/** Keeps spent proofs in memory. */
export const makeProofsMemory = () => {
  const spent = new Map<string, number>()
  return {
    /** As above. It forgets expired ones. */
    spend: (challengeId: string, now: number): boolean => {
      for (const [proof, until] of spent) if (until <= now) spent.delete(proof)
      if (spent.has(challengeId)) return false
      spent.set(challengeId, now + PROOF_TTL_MS)
      return true
    },
    forget: (): void => spent.clear()
  }
}
