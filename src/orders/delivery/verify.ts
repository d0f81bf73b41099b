import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { ControlPlaneClient } from "../../control-plane/ControlPlaneClient.ts"
import type { Delivered } from "../purchase/Purchase.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"

/** The order asks a site for this long. Its answer to the client waits meanwhile. */
const VERIFY_FOR = "5 seconds"

/** The pause between two questions, while the host itself answers for the site. */
const ASK_EVERY = "500 millis"

/** Whether the code answers at its URL: true, or none if nobody could be asked or the host itself answered all the time. */
const answers = Effect.fnUntraced(function* (url: string) {
  const host = yield* ControlPlaneClient
  return yield* host.serves(url).pipe(
    Effect.repeat({ until: (serves) => serves, schedule: Schedule.spaced(ASK_EVERY) }),
    Effect.as(true),
    Effect.timeoutOption(VERIFY_FOR),
    Effect.catch(({ message }) =>
      Effect.as(Effect.logWarning("a site could not be asked", url, message), Option.none())
    ),
    Effect.catchDefect((defect) => Effect.as(Effect.logError("a defect while asking a site", defect), Option.none()))
  )
})

/**
 * Asks the site of a live deployment whether the code answers, and saves when it did. This changes no state, because a site that
 * cannot be asked may serve all the same. Never fails.
 */
export const verify = Effect.fn("OrderWorkflow.verify")(function* (delivered: Delivered) {
  const { id, answer } = delivered
  if (!("url" in answer)) return
  const serves = yield* answers(answer.url)
  const now = yield* Clock.currentTimeMillis
  const store = yield* PurchaseStore
  // The deployment may have ended meanwhile.
  const purchase = store.byId(id)
  if (purchase?.state !== "delivered") return
  yield* save(store, transition.verified(purchase, Option.isSome(serves) ? now : null))
})
