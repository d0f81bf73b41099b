import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Busy } from "../../domain/Errors.ts"

/** Limits on what payers share, in one isolate. */
export interface Limits {
  /** How much of it may be in progress at a time. */
  readonly atOnce: number
  /** How many of these are left to payers without failures. */
  readonly reserved: number
  /** The longest that one can take, in milliseconds, and then some. */
  readonly longestMs: number
  /** For payers with failures: how long nobody of them is served after one was, in multiples of the time that took. */
  readonly rest: number
}

/**
 * Builds take up to 100 MB each, of the 128 MB that an isolate is meant to have, and its one thread. Those of payers with
 * failures have an eighth of the thread's time at most, because all others wait for it.
 */
export const BUILDS: Limits = { atOnce: 2, reserved: 1, longestMs: 30_000, rest: 7 }

/** Starts take place in other isolates, and some of them are waited for in vain: several at a time, for some seconds each. */
export const STARTS: Limits = { atOnce: 8, reserved: 3, longestMs: 40_000, rest: 0 }

/** How long a payer waits for a turn, in milliseconds: the signed payment has 25 seconds to live. */
const PATIENCE_MS = 4_000

/** How many may wait in one isolate: more than that would not have their turn in time. */
const MAX_WAITING = 100

/** A waiter looks for its turn this often, in milliseconds; the farther behind, the less often. */
const LOOK_MS = { first: 10, last: 100 }

/** A waiter that has not looked for so long, in milliseconds, was ended without a word: nobody waits for it. */
const GONE_MS = 2_000

/** The longest rest, in milliseconds: a single slow build must not keep everybody out who has ever failed. */
const MAX_REST_MS = 1_500

/** For whom something is done. */
export interface Worker {
  readonly payer: string
  /** How many attempts of this payer have failed within an hour. */
  readonly failures: number
}

interface Waiter extends Worker {
  readonly since: number
  seen: number
}

/**
 * Shares what one isolate can do among payers. First come, first served, but: nobody has two slots while somebody else waits
 * for one, payers with fewer failures come first, and those who have any leave slots and time to those who have none.
 * Waiters look on a timer of their own: a promise of another request must not be waited for, the platform forbids it.
 */
export const makeSlots = ({ atOnce, reserved, longestMs, rest }: Limits) => {
  // When each began. An object that is reset in the middle of one runs no finalizers: its entry runs out instead.
  const working = new Map<symbol, Worker & { readonly since: number }>()
  const waiting = new Map<symbol, Waiter>()
  // Until when payers with failures have to wait.
  let restUntil = 0

  const tidy = (now: number) => {
    for (const [slot, { since }] of working) if (now - since > longestMs) working.delete(slot)
    for (const [slot, { seen }] of waiting) if (now - seen > GONE_MS) waiting.delete(slot)
  }

  /** Lists waiting slots, the next one first. */
  const queue = () => {
    const workers = new Set([...working.values()].map(({ payer }) => payer))
    const rank = ({ payer, failures }: Waiter) => failures + (workers.has(payer) ? 1_000 : 0)
    return [...waiting]
      .toSorted(([, one], [, other]) => rank(one) - rank(other) || one.since - other.since)
      .map(([slot]) => slot)
  }

  const isFree = ({ failures }: Worker, now: number) => {
    const left = atOnce - working.size
    return failures === 0 ? left > 0 : left > reserved && now >= restUntil
  }

  const take = Effect.fnUntraced(function* (slot: symbol, worker: Worker) {
    const since = yield* Clock.currentTimeMillis
    tidy(since)
    if (waiting.size >= MAX_WAITING) return yield* busy
    for (let now = since; now - since < PATIENCE_MS; now = yield* Clock.currentTimeMillis) {
      tidy(now)
      const waiter = waiting.get(slot)
      if (waiter === undefined) waiting.set(slot, { ...worker, since, seen: now })
      else waiter.seen = now
      const place = queue().indexOf(slot)
      if (place === 0 && isFree(worker, now)) {
        waiting.delete(slot)
        return void working.set(slot, { ...worker, since: now })
      }
      yield* Effect.sleep(Math.min(LOOK_MS.first * (place + 1), LOOK_MS.last))
    }
    return yield* busy
  })

  const give = Effect.fnUntraced(function* (slot: symbol) {
    waiting.delete(slot)
    const done = working.get(slot)
    if (done === undefined) return
    if (rest > 0 && done.failures > 0) {
      // The clock stands still while a Worker computes, until the next event.
      yield* Effect.sleep(0)
      const now = yield* Clock.currentTimeMillis
      restUntil = now + Math.min(rest * (now - done.since), MAX_REST_MS)
    }
    working.delete(slot)
  })

  return <A, E, R>(worker: Worker, work: Effect.Effect<A, E, R>): Effect.Effect<A, E | Busy, R> =>
    Effect.suspend(() => {
      const slot = Symbol("slot")
      return Effect.ensuring(Effect.andThen(take(slot, worker), work), give(slot))
    })
}

const busy = Effect.suspend(
  () => new Busy({ detail: "Too many builds in flight. Nothing was charged; try again.", retry_after: 2 })
)
