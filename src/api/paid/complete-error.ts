import * as Effect from "effect/Effect"
import { WrongIdempotencyKey } from "../../domain/Errors.ts"
import { isReplayed } from "../../domain/replayed.ts"
import { setHeaders } from "../request/headers.ts"

/** The header of an answer that is given again. */
export const REPLAYED = { "idempotent-replayed": "true" }

/**
 * Adds what only the gateway knows to an order's errors: absolute URLs (`origin`), the client's own `Idempotency-Key` in place
 * of its hash, and the headers `Retry-After` and `Idempotent-Replayed`.
 */
export const completeErrors =
  (origin: string, idempotencyKey: string | undefined) =>
  <A, E extends object, R>(self: Effect.Effect<A, E, R>) =>
    self.pipe(
      Effect.tapError((error) => (isReplayed(error) ? setHeaders(REPLAYED) : Effect.void)),
      Effect.mapError((error) => complete(error, origin, idempotencyKey)),
      Effect.tapError(setRetryAfter)
    )

/** Also sends an error's `retry_after` as the header `Retry-After`. */
export const setRetryAfter = (error: object) =>
  "retry_after" in error && error.retry_after !== undefined
    ? setHeaders({ "retry-after": String(error.retry_after) })
    : Effect.void

const complete = <E extends object>(error: E, origin: string, idempotencyKey: string | undefined): E => {
  // Its `retry` names the key of the payment, which is not the key of this request.
  if (error instanceof WrongIdempotencyKey) return error
  const fields = {
    ...("status_url" in error &&
      typeof error.status_url === "string" && { status_url: new URL(error.status_url, origin).href }),
    ...("retry" in error &&
      error.retry !== undefined &&
      idempotencyKey !== undefined && { retry: { idempotency_key: idempotencyKey } })
  }
  if (Object.keys(fields).length === 0) return error
  // Each error of the domain is made from its own fields, so the copy has the same class.
  const ErrorClass = error.constructor as new (fields: object) => E
  return new ErrorClass({ ...error, ...fields })
}
