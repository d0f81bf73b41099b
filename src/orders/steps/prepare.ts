import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { BundleFailed, PaymentUnavailable } from "../../domain/Errors.ts"
import type { DeployOrder, ExecuteOrder, Paid } from "../../domain/Order.ts"
import { attemptOf } from "./attempt.ts"
import { type Authorization, CAPTURE_SECONDS, PaymentRejected, PaymentService } from "../../payment/PaymentService.ts"
import { buildAndStart } from "../build/build.ts"
import { type Build, PurchaseStore } from "../purchase/PurchaseStore.ts"
import type { BuildFailure } from "../purchase/Purchase.ts"
import { askHost } from "../delivery/ask-host.ts"

/** A purchase that can be made: authorized, built, and known to start. No money has moved. */
export interface Prepared {
  readonly authorization: Authorization
  readonly upload: Build
}

/** Fails if the payment would be sent too late. */
export const inTime = Effect.fn("OrderWorkflow.inTime")(function* (authorization: Authorization, key: string) {
  // The order reads the clock after I/O, because a Worker's clock stands still while it computes.
  yield* Effect.sleep(0)
  const now = yield* Clock.currentTimeMillis
  if (authorization.validBefore - now / 1000 >= CAPTURE_SECONDS) return
  return yield* new PaymentRejected({
    problem: "payment-expired",
    detail: "The signed transaction ran out of time before it was sent. Nothing was charged; sign a fresh one.",
    key
  })
})

/** Checks that the payment of an order can be made now. Moves no money. */
export const authorize = Effect.fnUntraced(function* ({ verified, terms }: Paid) {
  const payments = yield* PaymentService
  return yield* payments.authorize(verified, terms).pipe(
    Effect.catchTag("PaymentServiceUnavailable", ({ message }) =>
      Effect.andThen(
        Effect.logWarning("the chain could not be asked", message),
        new PaymentUnavailable({
          detail: "The chain cannot be reached to check the payment. Nothing was charged; try again.",
          retry_after: 5
        })
      )
    )
  )
})

/**
 * Steps 4 and 5 of an order: authorize, bundle, start, ask the host, and check the clock again. A failure here costs nothing.
 */
export const prepare = Effect.fn("OrderWorkflow.prepare")(function* (order: DeployOrder | ExecuteOrder) {
  const { verified, files } = order
  const purpose = "input" in order ? "run" : "serve"
  // The request to the host runs beside the build, so that it adds no time. An execution needs no host.
  const asked = purpose === "run" ? undefined : yield* Effect.forkChild(askHost, { startImmediately: true })
  const authorization = yield* authorize(order)
  const upload = yield* buildAndStart(
    { files, purpose, attempt: attemptOf(verified, "purchase"), ...("env" in order && { env: order.env }) },
    rejectBody
  )
  // The order awaits the host after the build, because an error of the body is the same whether the host works or not.
  if (asked !== undefined) yield* Fiber.join(asked)
  yield* inTime(authorization, verified.key)
  return { authorization, upload } satisfies Prepared
})

/** Fails with the error of the body. The order saves a `certain` error, because the same body would fail again. */
const rejectBody = Effect.fnUntraced(function* (found: Omit<BuildFailure, "at">, certain: boolean) {
  const store = yield* PurchaseStore
  const problem = { ...found, detail: `${found.detail} Nothing was charged.` }
  if (certain) store.saveBuildFailure({ ...problem, at: yield* Clock.currentTimeMillis })
  return yield* new BundleFailed(problem)
})
