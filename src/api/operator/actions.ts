import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { InvalidRequest } from "../../domain/Errors.ts"
import { Orders } from "../../orders/Orders.ts"
import { Payers } from "../../payers/Payers.ts"
import { Records } from "../../records/Records.ts"
import type { OperatorError, OperatorServices } from "./OperatorServices.ts"
import { patternOf } from "./patterns.ts"
import { takeAllDown } from "./take-all-down.ts"

/** The result of an action, for a program. */
export type Done = Readonly<Record<string, unknown>>

/** Something that the operator does. */
interface ActionOptions {
  /** The path that it is posted to, as in the OpenAPI document. */
  readonly path: string
  /** Its name in the log and in the document. */
  readonly name: string
  /** Whether its body needs a reason. */
  readonly needsReason: boolean
  readonly run: (target: string, reason: string) => Effect.Effect<Done, OperatorError, OperatorServices>
  /** The page that shows the result. */
  readonly back: (target: string) => string
}

/** Something that the operator does, and the pattern of its path. */
export interface Action extends ActionOptions {
  readonly pattern: RegExp
}

const action = (options: ActionOptions): Action => ({ ...options, pattern: patternOf(options.path) })

/** Every action. */
export const ACTIONS: ReadonlyArray<Action> = [
  action({
    path: "/operator/deployments/{deployment_id}/takedown",
    name: "Take a deployment down, for good",
    needsReason: true,
    run: (id, reason) =>
      Effect.flatMap(Orders, (orders) => Effect.map(orders.takeDown({ id, reason }), ({ ...done }) => done)),
    back: (id) => `/operator/deployments/${id}`
  }),
  action({
    path: "/operator/payers/{payer}/takedown",
    name: "Take all deployments of a payer down, for good",
    needsReason: true,
    run: (address, reason) => takeAllDown(address.toLowerCase(), reason),
    back: (address) => `/operator/payers/${address}`
  }),
  action({
    path: "/operator/payers/{payer}/deny",
    name: "Sell nothing to a payer from now on",
    needsReason: true,
    run: (address, reason) =>
      Effect.flatMap(Payers, ({ deny }) => Effect.as(deny(address.toLowerCase(), reason), { denied: true, reason })),
    back: (address) => `/operator/payers/${address}`
  }),
  action({
    path: "/operator/payers/{payer}/allow",
    name: "Sell to a payer again",
    needsReason: false,
    run: (address) => Effect.flatMap(Payers, ({ allow }) => Effect.as(allow(address.toLowerCase()), { denied: false })),
    back: (address) => `/operator/payers/${address}`
  }),
  action({
    path: "/operator/sales/pause",
    name: "Sell nothing to anybody from now on",
    needsReason: true,
    run: (_, reason) => Effect.flatMap(Payers, ({ pause }) => Effect.as(pause(reason), { paused: true, reason })),
    back: () => "/operator"
  }),
  action({
    path: "/operator/sales/resume",
    name: "Sell again",
    needsReason: false,
    run: () => Effect.flatMap(Payers, ({ resume }) => Effect.as(resume, { paused: false })),
    back: () => "/operator"
  }),
  action({
    path: "/operator/owed/{id}/settle",
    name: "Take a payment off the list of what is owed, once it was paid back",
    needsReason: false,
    run: (id) => settle(id),
    back: () => "/operator/owed"
  })
]

/** Takes a refund off the list. Other rows stay, because the service still delivers for them: a payer would have both. */
const settle = Effect.fnUntraced(function* (id: string) {
  const records = yield* Records
  const row = yield* records.get("owed", { id })
  if (Option.isSome(row) && row.value.state !== "refund") {
    const { state } = row.value
    const detail = `This payment is owed as ${state}, not as refund: the service still delivers for it. Take it down first.`
    return yield* new InvalidRequest({ detail })
  }
  yield* records.remove("owed", { id })
  return { id, settled: true }
})
