/** An attempt counts against purchases, or against updates of purchases, which must stay possible when the payer can buy nothing more. */
export type Budget = "purchase" | "update"

/** Attempts that one payer may have in flight, in one budget. */
export const AT_ONCE = 4

/** Attempts of one payer that may end without a payment (or, for an update, without being live) in an hour, in one budget. */
export const FAILURES_PER_HOUR = 60

/** How long a failed attempt counts, in milliseconds from when it began. */
export const WINDOW_MS = 3_600_000

/**
 * How long an attempt may be in flight, in milliseconds: longer than it takes to authorize, build, start and pay. One that
 * has not ended by then was lost with its process, and counts as failed: code that takes its builder down is no way around.
 */
export const LEASE_MS = 60_000

/** How long to wait for an attempt in flight, in seconds: most end within this time. */
const SOON_SECONDS = 2

/** One attempt, as it is remembered. */
export interface Attempt {
  /** The challenge that it answers. */
  readonly id: string
  readonly budget: Budget
  /** When it began, in unix milliseconds. */
  readonly at: number
  /** Whether it is in flight, as far as is known. */
  readonly open: boolean
  /** Whether it is worth a place on disk: its payer can pay, and something is built for it. */
  readonly kept: boolean
}

/** Whether an attempt may go on. */
export interface Admission {
  /** Which limit it would break: that of attempts in flight, or that of failed ones; null for none. */
  readonly refused: "in flight" | "failed" | null
  /** When to come back, in seconds; 0 for an attempt that may go on. */
  readonly retryAfter: number
  /** How many attempts of its payer have failed within an hour, in this budget. */
  readonly failures: number
}

/** How an attempt ends: it counts as failed, or not at all; a stale one counts if something was built for it. */
export type End = "failed" | "forgotten" | "stale"

/**
 * The attempts of one payer: at most `FAILURES_PER_HOUR` in each budget, because none begins beyond that. In memory and
 * synchronous; whoever has it keeps `stored` where it belongs.
 */
export class Attempts {
  #all: ReadonlyArray<Attempt> = []

  /** Takes over what was stored, beside what has begun since. */
  restore(stored: ReadonlyArray<Attempt>): void {
    this.#all = [...stored, ...this.#all]
  }

  /** Begins an attempt, or says why not. */
  begin(id: string, budget: Budget, now: number): Admission {
    this.#forget(now)
    // A credential that came to nothing may be sent again: that is another attempt, and both count.
    this.#change(id, (one) => ({ ...one, id: `${id} ${one.at}` }))
    const admission = this.#admit(budget, now)
    if (admission.refused === null) this.#all = [...this.#all, { id, budget, at: now, open: true, kept: false }]
    return admission
  }

  /**
   * Keeps an attempt that its payer can pay for, before anything is built: from now on no restart forgets it. Looks at the
   * limits once more, because what was stored may have been read since it began.
   */
  keep(id: string, budget: Budget, now: number): Admission {
    this.#all = this.#all.filter((one) => one.id !== id)
    this.#forget(now)
    const admission = this.#admit(budget, now)
    if (admission.refused === null) this.#all = [...this.#all, { id, budget, at: now, open: true, kept: true }]
    return admission
  }

  /** Whether this attempt has begun here, and nothing was built for it. */
  isLight(id: string): boolean {
    return this.#all.some((one) => one.id === id && !one.kept)
  }

  /** Ends an attempt; or ends it in another way, once the chain has said more. */
  end(id: string, how: End): void {
    if (how === "forgotten" || (how === "stale" && this.isLight(id)))
      this.#all = this.#all.filter((one) => one.id !== id)
    else this.#change(id, (one) => ({ ...one, open: false }))
  }

  /** All that a restart must not forget: nothing of somebody who has never come as far as a build. */
  stored(now: number): ReadonlyArray<Attempt> {
    this.#forget(now)
    return this.#all.some(({ kept }) => kept) ? this.#all : []
  }

  /** When nothing of this counts any more, in unix milliseconds. */
  get until(): number {
    return Math.max(...this.#all.map(({ at }) => at)) + WINDOW_MS
  }

  #admit(budget: Budget, now: number): Admission {
    const mine = this.#all.filter((one) => one.budget === budget)
    const failed = mine.filter(({ open, at }) => !open || now - at >= LEASE_MS)
    const failures = failed.length
    if (failures >= FAILURES_PER_HOUR) {
      const again = Math.min(...failed.map(({ at }) => at)) + WINDOW_MS
      return { refused: "failed", retryAfter: Math.max(1, Math.ceil((again - now) / 1000)), failures }
    }
    // Those in flight may all fail: together with them it must not be more than an hour's.
    const full = mine.length - failures >= AT_ONCE || mine.length >= FAILURES_PER_HOUR
    return full
      ? { refused: "in flight", retryAfter: SOON_SECONDS, failures }
      : { refused: null, retryAfter: 0, failures }
  }

  #forget(now: number): void {
    this.#all = this.#all.filter(({ at }) => now - at < WINDOW_MS)
  }

  #change(id: string, change: (one: Attempt) => Attempt): void {
    this.#all = this.#all.map((one) => (one.id === id ? change(one) : one))
  }
}
