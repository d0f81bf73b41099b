import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { isEnded } from "../../domain/Status.ts"
import { Orders } from "../../orders/Orders.ts"
import { Payers } from "../../payers/Payers.ts"

/** How many takedowns run at once. Each waits for the host. */
const CONCURRENCY = 25

/** The ids of a payer's deployments that have not ended. */
const idsOf = Effect.fnUntraced(function* (payer: string) {
  const { deployments } = yield* Payers
  const ids: Array<string> = []
  let cursor: string | undefined
  do {
    const page: Effect.Success<ReturnType<typeof deployments>> = yield* deployments(payer, cursor)
    ids.push(...page.deployments.filter((one) => !isEnded(one)).map(({ deployment_id }) => deployment_id))
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  return ids
})

/**
 * Takes all deployments of a payer down, those that are being delivered too. `unconfirmed` are those that the host still shows, and
 * whose order asks it again by itself; `failed` those whose order could not be asked, so that the operator sends this again.
 */
export const takeAllDown = Effect.fn("Operator.takeAllDown")(function* (payer: string, reason: string) {
  const orders = yield* Orders
  const ids = yield* idsOf(payer)
  const results = yield* Effect.forEach(
    ids,
    (id) => Effect.map(Effect.exit(orders.takeDown({ id, reason })), (exit) => ({ id, exit })),
    { concurrency: CONCURRENCY }
  )
  const idsWhere = (matches: (exit: (typeof results)[number]["exit"]) => boolean) =>
    results.filter(({ exit }) => matches(exit)).map(({ id }) => id)
  return {
    payer,
    reason,
    // A deployment that has ended meanwhile is as good as taken down.
    taken_down: idsWhere((exit) => (Exit.isSuccess(exit) ? exit.value.confirmed : hasEnded(exit))),
    unconfirmed: idsWhere((exit) => Exit.isSuccess(exit) && !exit.value.confirmed),
    failed: idsWhere((exit) => Exit.isFailure(exit) && !hasEnded(exit))
  }
})

const hasEnded = (exit: Exit.Exit<unknown, { readonly _tag: string }>): boolean => {
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  return error?._tag === "Expired"
}
