import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Leases } from "../../bundler/leases.ts"
import { Busy } from "../../domain/Errors.ts"

/** Limits of the work that payers share in one isolate. */
export interface Limits {
  /** How many units of work may be in progress at a time. */
  readonly atOnce: number
  /** How many of these are reserved for payers without failures. */
  readonly reserved: number
  /** The longest time that one unit can take plus a margin, in milliseconds. */
  readonly longestMs: number
  /** After work for a payer with failures, no such payer is served for this multiple of the work's time. */
  readonly rest: number
}

/**
 * A build takes the isolate's only thread. It waits for packages without the thread, up to 15 s, and the bundler lets one build
 * at a time have their memory and six in all: two slots are always left for builds without packages. Builds of payers with
 * failures get at most an eighth of the thread's time, because all other requests wait for them.
 */
export const BUILDS: Limits = { atOnce: 8, reserved: 5, longestMs: 30_000, rest: 7 }

/** Starts run in other isolates, and some time out. Several run at once, for some seconds each. */
export const STARTS: Limits = { atOnce: 8, reserved: 3, longestMs: 40_000, rest: 0 }

/** A payer waits for a slot at most this long, in milliseconds: the signed payment is valid for 25 seconds. */
const TIMEOUT_MS = 4_000

/** How many payers may wait in one isolate. A longer queue could not be served in time. */
const MAX_WAITING = 100

/** A waiter polls this often, in milliseconds. It polls less often the farther behind it is in the queue. */
const POLL_MS = { first: 10, last: 100 }

/** The platform has ended a waiter that has not polled for this time, in milliseconds. */
const WAITER_LEASE_MS = 2_000

/** The longest rest, in milliseconds, because one slow build must not block all payers with failures. */
const MAX_REST_MS = 1_500

/** A payer that waits or works. */
export interface Worker {
  readonly payer: string
  /** How many attempts of this payer have failed within an hour. */
  readonly failures: number
}

interface Timed extends Worker {
  /** When the wait or the work began, in unix milliseconds. */
  readonly since: number
}

/**
 * Divides the work of one isolate among payers: first come, first served, with three exceptions. No payer has two slots while
 * another payer waits. Payers with fewer failures come first. Payers with failures leave slots and time to the others. Waiters
 * poll on timers of their own, because the platform forbids waiting for a promise of another request.
 */
export const makeSlots = ({ atOnce, reserved, longestMs, rest }: Limits) => {
  const working = new Leases<Timed>()
  const waiting = new Leases<Timed>()
  // Payers with failures wait until this time, in unix milliseconds.
  let restUntil = 0

  /** Lists the payers that wait for a slot, the next one first. */
  const queue = (now: number) => {
    const busyPayers = new Set(working.active(now).map(([, { payer }]) => payer))
    const rank = ({ payer, failures }: Timed) => failures + (busyPayers.has(payer) ? 1_000 : 0)
    return waiting
      .active(now)
      .toSorted(([, one], [, other]) => rank(one) - rank(other) || one.since - other.since)
      .map(([slot]) => slot)
  }

  const isFree = ({ failures }: Worker, now: number) => {
    const left = atOnce - working.active(now).length
    return failures === 0 ? left > 0 : left > reserved && now >= restUntil
  }

  const acquire = Effect.fnUntraced(function* (slot: symbol, worker: Worker) {
    const since = yield* Clock.currentTimeMillis
    if (waiting.active(since).length >= MAX_WAITING) return yield* busy
    for (let now = since; now - since < TIMEOUT_MS; now = yield* Clock.currentTimeMillis) {
      waiting.grant(slot, { ...worker, since }, now + WAITER_LEASE_MS)
      const place = queue(now).indexOf(slot)
      if (place === 0 && isFree(worker, now)) {
        waiting.release(slot)
        return working.grant(slot, { ...worker, since: now }, now + longestMs)
      }
      yield* Effect.sleep(Math.min(POLL_MS.first * (place + 1), POLL_MS.last))
    }
    return yield* busy
  })

  const release = Effect.fnUntraced(function* (slot: symbol) {
    waiting.release(slot)
    const done = working.get(slot)
    if (done === undefined) return
    if (rest > 0 && done.failures > 0) {
      // The clock of a Worker stands still until the next event.
      yield* Effect.sleep(0)
      const now = yield* Clock.currentTimeMillis
      restUntil = now + Math.min(rest * (now - done.since), MAX_REST_MS)
    }
    working.release(slot)
  })

  /** Does `work` for its payer once a slot is free; fails with `Busy` after 4 seconds without one. */
  return <A, E, R>(worker: Worker, work: Effect.Effect<A, E, R>): Effect.Effect<A, E | Busy, R> =>
    Effect.suspend(() => {
      const slot = Symbol("slot")
      return Effect.ensuring(Effect.andThen(acquire(slot, worker), work), release(slot))
    })
}

const busy = Effect.suspend(
  () => new Busy({ detail: "Too many builds in flight. Nothing was charged; try again.", retry_after: 2 })
)
