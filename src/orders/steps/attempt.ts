import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Budget, AttemptEnd } from "../../payers/Attempts.ts"
import { type AttemptId, Payers } from "../../payers/Payers.ts"
import type { Verified } from "../../payment/PaymentService.ts"
import type { OrderError, UpdateError } from "../operations.ts"

/** The attempt that a verified credential makes. */
export const attemptOf = ({ payer, challengeId }: Omit<Verified, "key" | "credential">, budget: Budget): AttemptId => ({
  payer,
  id: challengeId,
  budget
})

/**
 * Whether the service caused the error. Such an attempt does not count against its payer, and neither does an attempt that was
 * refused because of earlier ones, or by the operator.
 */
const isOurs = (error: OrderError | UpdateError): boolean =>
  error._tag === "Busy" ||
  error._tag === "TooManyAttempts" ||
  error._tag === "PaymentUnavailable" ||
  error._tag === "HostUnavailable" ||
  error._tag === "SalesPaused" ||
  error._tag === "Denied" ||
  error._tag === "TooManyDeployments" ||
  error._tag === "Internal" ||
  error._tag === "OrderInProgress" ||
  (error._tag === "PaymentRejected" && error.untaken !== undefined) ||
  ((error._tag === "DeployFailed" || error._tag === "ExecuteFailed") && error.fault === "service")

/**
 * Whether a credential can no longer buy anything. Everybody with a copy of an unused credential can send it again and again.
 * So it does not count against its payer unless something was built.
 */
const isStale = (error: OrderError | UpdateError): boolean =>
  error._tag === "PaymentRejected" && (error.problem === "payment-expired" || error.problem === "invalid-challenge")

const endOf = (exit: Exit.Exit<unknown, OrderError | UpdateError>): AttemptEnd => {
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  if (Exit.isSuccess(exit) || (error !== undefined && isOurs(error))) return "forgotten"
  return error !== undefined && isStale(error) ? "stale" : "failed"
}

/**
 * Does `work` as an attempt of its payer, if `begin` begins the attempt. An attempt counts if it fails and the service did not cause
 * that. A payment that the chain has not confirmed counts until the chain does.
 */
export const countAttempt = Effect.fn("OrderWorkflow.attempt")(function* <
  A,
  E extends OrderError | UpdateError,
  R,
  Refusal extends OrderError | UpdateError,
  Needs
>(attempt: AttemptId, begin: Effect.Effect<void, Refusal, Needs>, work: Effect.Effect<A, E, R>) {
  const payers = yield* Payers
  yield* begin
  const exit = yield* Effect.exit(work)
  const end = payers.end(attempt, endOf(exit))
  // A failure counts before its answer leaves. A success does not delay its answer.
  yield* Exit.isSuccess(exit) ? Effect.forkDetach(end) : end
  return yield* exit
})
