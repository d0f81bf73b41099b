import * as Schema from "effect/Schema"
import { sentence } from "../../domain/sentence.ts"

/** The operator has taken a deployment down. */
export const Takedown = Schema.Struct({
  /** Unix milliseconds. */
  at: Schema.Number,
  /** The operator's words, which everybody can read. */
  reason: Schema.String
})
/** The operator has taken a deployment down. */
export type Takedown = typeof Takedown.Type

/** Says why a deployment is over. `takenDown` is the operator's reason, if the operator has ended it. */
export const whyOver = (takenDown: string | null, isDeleted: boolean): string => {
  if (takenDown !== null) return `The operator of the service has taken this deployment down: ${sentence(takenDown)}`
  return isDeleted ? "Its payer has deleted this deployment." : "This deployment has expired."
}

/** Says why a renewal that was charged adds nothing. */
export const whyWorthless = (reason: string): string =>
  `The renewal was charged and adds nothing, because its deployment has ended. The operator of the service owes it back. ${sentence(reason)}`
