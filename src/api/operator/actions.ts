import * as Effect from "effect/Effect"
import { Orders } from "../../orders/Orders.ts"
import { Records } from "../../records/Records.ts"
import type { OperatorError, OperatorServices } from "./OperatorServices.ts"

/** The result of an action, for a program. */
export type Done = Readonly<Record<string, unknown>>

/** Something that the operator does. */
interface Action {
  /** Its name in the log. */
  readonly name: string
  readonly pattern: RegExp
  /** Whether it needs a reason. */
  readonly reason: "required" | "none"
  readonly run: (target: string, reason: string) => Effect.Effect<Done, OperatorError, OperatorServices>
  /** The page that shows the result. */
  readonly back: (target: string) => string
}

/** Every action, by the path that it is posted to. */
export const ACTIONS: ReadonlyArray<Action> = [
  {
    name: "take down a deployment",
    pattern: /^\/operator\/deployments\/(dep_[0-9a-z]{1,60})\/takedown$/,
    reason: "required",
    run: (id, reason) =>
      Effect.flatMap(Orders, (orders) => Effect.map(orders.takeDown({ id, reason }), ({ ...done }) => done)),
    back: (id) => `/operator/deployments/${id}`
  },
  {
    name: "settle what is owed",
    pattern: /^\/operator\/owed\/(dep_[0-9a-z]{1,60})\/settle$/,
    reason: "none",
    run: (id) => Effect.flatMap(Records, ({ remove }) => Effect.as(remove("owed", { id }), { id, settled: true })),
    back: () => "/operator/owed"
  }
]
