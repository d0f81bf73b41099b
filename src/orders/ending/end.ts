import * as Effect from "effect/Effect"
import { isDeleted, type Purchase } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"
import { beginEnd, expire } from "../steps/expire.ts"
import { Crowd } from "./Crowd.ts"

/**
 * Ends what is over, or lets it wait if many end at once. What waits for long takes no renewal any more. Orders of an isolate begin one
 * after the other. `now` in unix milliseconds. Never fails.
 */
export const end = Effect.fnUntraced(function* (over: ReadonlyArray<Purchase>, now: number) {
  if (over.length === 0) return
  const store = yield* PurchaseStore
  const crowd = yield* Crowd
  const first: Array<Purchase> = []
  for (const purchase of over) {
    const later = crowd.waitsUntil(purchase, now)
    const ending = later === undefined ? undefined : beginEnd(store, purchase.id, now)
    if (later === undefined || ending === undefined) first.push(purchase)
    else yield* save(store, transition.wakeAt(ending, later))
  }
  const [one] = first
  if (one === undefined) return
  const wait = first.some(isDeleted) ? 0 : crowd.takeTurn(now)
  const ending = expire(first, { patient: false })
  yield* crowd.watch(one.id, wait === 0 ? ending : Effect.delay(ending, wait))
})
