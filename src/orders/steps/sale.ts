import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { setting } from "../../config.ts"
import { type AttemptId, Payers } from "../../payers/Payers.ts"
import { salesPaused } from "../../payers/refusals.ts"

/**
 * Begins an attempt to buy something. Fails if nothing is for sale, or nothing for this payer. Each new purchase asks this before it is
 * authorized, so a refusal is free. No order asks it for what is paid for.
 *
 * @param id the id of the deployment that is about to be bought, which takes a place among those of its payer. `givePlaceBack` gives it
 * back. From its first state on the deployment has the place by itself.
 */
export const enterSale = Effect.fn("OrderWorkflow.enterSale")(function* (attempt: AttemptId, id?: string) {
  if ((yield* setting("SALES")) === "off") return yield* salesPaused()
  const payers = yield* Payers
  const begin =
    id === undefined ? payers.begin(attempt) : payers.enter(attempt, { id, max: yield* setting("MAX_LIVE_PER_PAYER") })
  // Two objects answer: the operator's, and the payer's.
  const [sale, begun] = yield* Effect.all([Effect.exit(payers.requireSale(attempt.payer)), Effect.exit(begin)], {
    concurrency: 2
  })
  if (Exit.isFailure(sale) && Exit.isSuccess(begun)) {
    yield* payers.end(attempt, "forgotten")
    yield* givePlaceBack(attempt.payer, id)
  }
  yield* sale
  yield* begun
})

/** Gives the place of a deployment back that will not be bought. */
export const givePlaceBack = (payer: string, id: string | undefined) =>
  id === undefined ? Effect.void : Effect.flatMap(Payers, ({ release }) => release({ payer, id }))
