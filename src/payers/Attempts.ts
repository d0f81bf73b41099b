/**
 * The limits that an attempt counts against: those of purchases or those of updates. Updates have a budget of their own, so
 * that a payer can update while purchases are refused.
 */
export type Budget = "purchase" | "update"

/** The most attempts of one payer in flight, in one budget. */
export const MAX_IN_FLIGHT = 4

/** The most attempts of one payer in an hour, in one budget, that end without a payment (for updates: without going live). */
export const MAX_FAILURES_PER_HOUR = 60

/** A failed attempt counts for this long from its start, in milliseconds. */
export const WINDOW_MS = 3_600_000

/**
 * The longest time of an attempt in flight, in milliseconds: longer than it takes to authorize, build, start and pay. An
 * attempt without an end by then was lost with its process. It counts as failed, so that a client cannot evade the limit by
 * crashing the builder.
 */
export const LEASE_MS = 60_000

/** The client waits this long for an attempt in flight, in seconds, because most end within this time. */
const RETRY_AFTER_SECONDS = 2

/** An attempt as it is stored. */
export interface Attempt {
  /** The challenge that it answers. */
  readonly id: string
  readonly budget: Budget
  /** Its start, in unix milliseconds. */
  readonly at: number
  /** Whether it is in flight, so that its end is not recorded yet. */
  readonly open: boolean
  /** Whether it is stored on disk, because its payer can pay and the gateway builds something for it. */
  readonly kept: boolean
}

/** The result of checking the limits for an attempt. */
export interface LimitCheck {
  /** The limit that the attempt would exceed: attempts in flight, or failed attempts; null for none. */
  readonly refused: "in flight" | "failed" | null
  /** The client should retry after this many seconds; 0 for an accepted attempt. */
  readonly retryAfter: number
  /** The payer's failed attempts within an hour, in this budget. */
  readonly failures: number
}

/** The end of an attempt. "failed" counts, "forgotten" does not, and "stale" counts if something was built for it. */
export type AttemptEnd = "failed" | "forgotten" | "stale"

/**
 * The attempts of one payer: at most `MAX_FAILURES_PER_HOUR` in each budget, because none begins beyond that. They are in
 * memory and synchronous; the owner saves `stored`.
 */
export class Attempts {
  #all: ReadonlyArray<Attempt> = []

  /** Adds the stored attempts to those that have begun since. */
  restore(stored: ReadonlyArray<Attempt>): void {
    this.#all = [...stored, ...this.#all]
  }

  /** Begins an attempt if the limits allow it. */
  begin(id: string, budget: Budget, now: number): LimitCheck {
    this.#dropExpired(now)
    // A client may send a failed credential again. That is another attempt, and both count.
    this.#change(id, (one) => ({ ...one, id: `${id} ${one.at}` }))
    const check = this.#checkLimits(budget, now)
    if (check.refused === null) this.#all = [...this.#all, { id, budget, at: now, open: true, kept: false }]
    return check
  }

  /**
   * Marks an attempt whose payer can pay as stored, before a build: from now on it survives restarts. Checks the limits again,
   * because stored attempts may have been read since it began.
   */
  keep(id: string, budget: Budget, now: number): LimitCheck {
    this.#all = this.#all.filter((one) => one.id !== id)
    this.#dropExpired(now)
    const check = this.#checkLimits(budget, now)
    if (check.refused === null) this.#all = [...this.#all, { id, budget, at: now, open: true, kept: true }]
    return check
  }

  /** Whether this attempt has begun in memory only, and nothing was built for it. */
  isUnpersisted(id: string): boolean {
    return this.#all.some((one) => one.id === id && !one.kept)
  }

  /** Ends an attempt, or changes its end once the chain has answered. */
  end(id: string, how: AttemptEnd): void {
    if (how === "forgotten" || (how === "stale" && this.isUnpersisted(id)))
      this.#all = this.#all.filter((one) => one.id !== id)
    else this.#change(id, (one) => ({ ...one, open: false }))
  }

  /** Returns the attempts that must survive a restart: none for a payer without a build. */
  stored(now: number): ReadonlyArray<Attempt> {
    this.#dropExpired(now)
    return this.#all.some(({ kept }) => kept) ? this.#all : []
  }

  /** No attempt counts after this time, in unix milliseconds. */
  get expiresAt(): number {
    return Math.max(...this.#all.map(({ at }) => at)) + WINDOW_MS
  }

  #checkLimits(budget: Budget, now: number): LimitCheck {
    const mine = this.#all.filter((one) => one.budget === budget)
    const failed = mine.filter(({ open, at }) => !open || now - at >= LEASE_MS)
    const failures = failed.length
    if (failures >= MAX_FAILURES_PER_HOUR) {
      const again = Math.min(...failed.map(({ at }) => at)) + WINDOW_MS
      return { refused: "failed", retryAfter: Math.max(1, Math.ceil((again - now) / 1000)), failures }
    }
    // Attempts in flight may all fail, so they count towards the hourly limit.
    const full = mine.length - failures >= MAX_IN_FLIGHT || mine.length >= MAX_FAILURES_PER_HOUR
    return full
      ? { refused: "in flight", retryAfter: RETRY_AFTER_SECONDS, failures }
      : { refused: null, retryAfter: 0, failures }
  }

  #dropExpired(now: number): void {
    this.#all = this.#all.filter(({ at }) => now - at < WINDOW_MS)
  }

  #change(id: string, change: (one: Attempt) => Attempt): void {
    this.#all = this.#all.map((one) => (one.id === id ? change(one) : one))
  }
}
