import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Busy } from "../domain/Errors.ts"

/** Builds in flight in one isolate: each takes up to 100 MB beside the other, of the 128 MB that an isolate is meant to have. */
const MAX_BUILDS = 2

/** The longest that a build with its start check can take, in milliseconds, and then some. */
const LONGEST_MS = 40_000

/** How long a builder waits for its turn, in milliseconds: the signed payment has 25 seconds to live. */
const PATIENCE_MS = 4_000

/** How many may wait in one isolate: more than that would not have their turn in time. */
const MAX_WAITING = 100

/** A waiter looks for its turn this often, in milliseconds; the farther behind, the less often. */
const LOOK_MS = { first: 10, last: 100 }

/** A waiter that has not looked for so long, in milliseconds, was ended without a word: nobody waits for it. */
const GONE_MS = 2_000

/** For whom something is built. */
export interface Builder {
  readonly payer: string
  /** How many attempts of this payer have failed within an hour. */
  readonly failures: number
}

interface Waiter extends Builder {
  readonly since: number
  seen: number
}

/**
 * Shares the builds of one isolate among payers. First come, first served, but: nobody has two slots while somebody else
 * waits for one, payers with fewer failures come first, and those who have any leave one slot to those who have none.
 * Waiters look on a timer of their own: a promise of another request must not be waited for, the platform forbids it.
 */
export const makeSlots = () => {
  // When each build began. An object that is reset in the middle of one runs no finalizers: its entry runs out instead.
  const building = new Map<symbol, Builder & { readonly since: number }>()
  const waiting = new Map<symbol, Waiter>()

  const tidy = (now: number) => {
    for (const [slot, { since }] of building) if (now - since > LONGEST_MS) building.delete(slot)
    for (const [slot, { seen }] of waiting) if (now - seen > GONE_MS) waiting.delete(slot)
  }

  /** Who is next, and next but one, and so on. */
  const queue = () => {
    const builders = new Set([...building.values()].map(({ payer }) => payer))
    const rank = ({ payer, failures }: Waiter) => failures + (builders.has(payer) ? 1_000 : 0)
    return [...waiting]
      .toSorted(([, one], [, other]) => rank(one) - rank(other) || one.since - other.since)
      .map(([slot]) => slot)
  }

  const isFree = ({ failures }: Builder) => {
    const left = MAX_BUILDS - building.size
    return failures === 0 ? left > 0 : left > 1
  }

  const take = Effect.fnUntraced(function* (slot: symbol, builder: Builder) {
    const since = yield* Clock.currentTimeMillis
    tidy(since)
    if (waiting.size >= MAX_WAITING) return yield* busy
    for (let now = since; now - since < PATIENCE_MS; now = yield* Clock.currentTimeMillis) {
      tidy(now)
      const waiter = waiting.get(slot)
      if (waiter === undefined) waiting.set(slot, { ...builder, since, seen: now })
      else waiter.seen = now
      const place = queue().indexOf(slot)
      if (place === 0 && isFree(builder)) {
        waiting.delete(slot)
        return void building.set(slot, { ...builder, since: now })
      }
      yield* Effect.sleep(Math.min(LOOK_MS.first * (place + 1), LOOK_MS.last))
    }
    return yield* busy
  })

  return <A, E, R>(builder: Builder, build: Effect.Effect<A, E, R>): Effect.Effect<A, E | Busy, R> =>
    Effect.suspend(() => {
      const slot = Symbol("build")
      return Effect.ensuring(
        Effect.andThen(take(slot, builder), build),
        Effect.sync(() => {
          building.delete(slot)
          waiting.delete(slot)
        })
      )
    })
}

const busy = Effect.suspend(
  () => new Busy({ detail: "Too many builds in flight. Nothing was charged; try again.", retry_after: 2 })
)
