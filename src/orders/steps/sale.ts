import * as Effect from "effect/Effect"
import { setting } from "../../config.ts"
import { Payers } from "../../payers/Payers.ts"
import { salesPaused } from "../../payers/refusals.ts"

/**
 * Fails if nothing is for sale, or nothing for this payer. Each new purchase asks this before it is authorized, so a refusal is free. No
 * order asks it for what is paid for.
 */
export const requireSale = Effect.fn("OrderWorkflow.requireSale")(function* (payer: string) {
  if ((yield* setting("SALES")) === "off") return yield* salesPaused()
  yield* (yield* Payers).requireSale(payer)
})

/**
 * Takes a place among the payer's deployments for the one with this id, which is about to be bought. Returns what gives it back. From
 * its first state on the deployment has the place by itself.
 */
export const takePlace = Effect.fn("OrderWorkflow.takePlace")(function* (payer: string, id: string) {
  const payers = yield* Payers
  yield* payers.reserve({ payer, id }, yield* setting("MAX_LIVE_PER_PAYER"))
  return payers.release({ payer, id })
})
