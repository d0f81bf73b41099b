import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Hash from "effect/Hash"
import * as Layer from "effect/Layer"
import { Leases } from "../../bundler/leases.ts"
import { parseId } from "../../domain/DeploymentId.ts"
import { isDeleted, type Purchase } from "../purchase/Purchase.ts"
import { backoff } from "../steps/backoff.ts"
import { EXPIRE_MS, type Ended } from "../steps/expire.ts"

/** So many orders of one isolate delete expired deployments at once. */
const AT_ONCE = 8

/** The others wait for at most this long, in milliseconds, each for a time of its own. */
const SPREAD_MS = 20_000

/**
 * Two orders begin this far from each other, in milliseconds, because they share a thread with each other and with the gateway: an end
 * takes some 20 ms of it. None waits longer than `MAX_TURN_MS`, because the platform counts the time for which an alarm holds its object.
 */
const TURN_MS = 80
const MAX_TURN_MS = 1_000

/** After so many orders to which the host gave no answer, and none to which it did, one order alone tries. */
const HANGS = 3

/** The longest time until one order tries again, in milliseconds. */
const MAX_PAUSE_MS = 300_000

/**
 * The orders of one isolate learn from each other when deployments end. Many that end at the same time, or after a restart, would
 * all wake up and call the host at once; and each of many would hold its object while the host hangs, whose time the platform
 * counts. It is memory only: a lone deployment ends at once, and where isolates differ, each has a crowd of its own.
 */
export class Crowd extends Context.Service<
  Crowd,
  {
    /**
     * Returns the time at which a deployment that is over may end, in unix milliseconds; `undefined` for now. One that its payer
     * deleted, or the operator took down, never waits.
     */
    readonly waitsUntil: (purchase: Purchase, now: number) => number | undefined
    /** Takes the next turn, and returns how long an order waits for it, in milliseconds: 0 for a lone one. `now` in unix milliseconds. */
    readonly takeTurn: (now: number) => number
    /** Counts the order of a deployment that ends, and learns from how it went. */
    readonly watch: <R>(id: string, expire: Effect.Effect<Ended, never, R>) => Effect.Effect<void, never, R>
  }
>()("mpp-compute/orders/Crowd") {}

/** Makes the crowd of one isolate. */
export const makeCrowd = (): Crowd["Service"] => {
  const orders = new Leases<true>()
  /** The orders to which the host gave no answer since it last gave one. One that it never answers counts once. */
  const hung = new Set<string>()
  let pauses = 0
  let pausedUntil = 0
  let nextTurn = 0

  const learn = (id: string, ended: Ended, now: number) => {
    if (ended.answered) {
      hung.clear()
      pauses = 0
      pausedUntil = 0
      return
    }
    // An order that asked nobody, for example because of a renewal, has learned nothing about the host.
    if (!ended.hung) return
    hung.add(parseId(id)?.order ?? id)
    if (hung.size < HANGS) return
    pausedUntil = now + Math.min(backoff.hang(pauses), MAX_PAUSE_MS)
    pauses++
  }

  return {
    waitsUntil: (purchase, now) => {
      if (purchase.operation !== "deploy" || purchase.state !== "delivered" || isDeleted(purchase)) return undefined
      const spread = (Hash.string(purchase.id) >>> 0) % SPREAD_MS
      if (now < pausedUntil) return pausedUntil + spread
      if (hung.size >= HANGS) {
        // This order tries, and the others wait for what it learns.
        pausedUntil = now + EXPIRE_MS
        return undefined
      }
      // `ending` says that it has waited once.
      return purchase.ending === true || orders.active(now).length < AT_ONCE ? undefined : now + spread
    },
    takeTurn: (now) => {
      const turn = Math.min(Math.max(now, nextTurn), now + MAX_TURN_MS)
      nextTurn = turn + TURN_MS
      return turn - now
    },
    watch: (id, expire) =>
      Effect.suspend(() => {
        const order = Symbol("order")
        return Effect.gen(function* () {
          orders.grant(order, true, (yield* Clock.currentTimeMillis) + EXPIRE_MS)
          const ended = yield* expire
          learn(id, ended, yield* Clock.currentTimeMillis)
        }).pipe(Effect.ensuring(Effect.sync(() => orders.release(order))))
      })
  }
}

/** The crowd of this isolate. */
export const layerCrowd = Layer.sync(Crowd, makeCrowd)
