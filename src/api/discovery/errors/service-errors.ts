import * as Errors from "../../../domain/Errors.ts"
import { entry, type ErrorEntry } from "./error-entry.ts"
import { exampleLinks, exampleRetry as retry } from "../example.ts"

/** The errors with a status of 500 and above, in the order of their status. */
export const serviceErrors = (): ReadonlyArray<ErrorEntry> => [
  entry(
    "Internal",
    Errors.Internal,
    new Errors.Internal({ detail: "The service failed. Repeat the same call.", charged: null, retry }),
    "a defect of the service",
    "Repeat the same call with the same `Idempotency-Key`, or that of `retry` if there is one. It never pays twice.",
    "order"
  ),
  entry(
    "DeployFailed",
    Errors.DeployFailed,
    new Errors.DeployFailed({
      detail: "You were charged. Delivery continues without you. Do not pay again.",
      ...exampleLinks,
      fault: "service",
      retry,
      retry_after: 2
    }),
    "charged and not live yet; see `fault` and `status_url`",
    "Do not pay again. With `fault: service` delivery continues without you: poll `status_url`, or repeat the same call with the " +
      "`Idempotency-Key` of `retry`, free. With `fault: code` the host refuses this code (`detail` says why): PUT corrected code, free."
  ),
  entry(
    "HostUnavailable",
    Errors.HostUnavailable,
    new Errors.HostUnavailable({
      detail: "The host takes no deployments at the moment. Nothing was charged. Try again later.",
      host: "unavailable",
      retry_after: 10
    }),
    "the host cannot deliver at the moment; it is asked before the payment, so nothing was charged and there is no `deployment_id`",
    "Nothing was charged. Wait `retry_after` seconds and repeat the same call. If `host` is `unusable`, the operator has to fix it first."
  ),
  entry(
    "ExecuteFailed",
    Errors.ExecuteFailed,
    new Errors.ExecuteFailed({
      detail: "You were charged, and the service failed to run the code. Do not pay again.",
      retry,
      retry_after: 2
    }),
    "`/execute`: charged, and the service failed to run the code",
    "Do not pay again. Wait `retry_after` seconds and repeat the same call with the `Idempotency-Key` of `retry`, free. Code that " +
      "throws is no such error: it is answered with 200 and `error`."
  ),
  entry(
    "PaymentPending",
    Errors.PaymentPending,
    new Errors.PaymentPending({
      detail: "The payment was sent and the chain has not confirmed it. Do not pay again.",
      ...exampleLinks,
      retry,
      retry_after: 5
    }),
    "the payment was sent and the chain has not confirmed it",
    "Do not pay again. Wait `retry_after` seconds and repeat the same call with the `Idempotency-Key` of `retry`."
  ),
  entry(
    "PaymentUnavailable",
    Errors.PaymentUnavailable,
    new Errors.PaymentUnavailable({ detail: "The chain does not answer. Nothing was charged.", retry_after: 5 }),
    "the chain does not answer; nothing was sent to it",
    "Wait `retry_after` seconds and repeat the same call."
  ),
  entry(
    "Busy",
    Errors.Busy,
    new Errors.Busy({ detail: "Too many builds are in progress. Nothing was charged.", retry_after: 2 }),
    "too many builds are in progress, packages did not arrive in time, or one address sent too many credentials",
    "Wait `retry_after` seconds and repeat the same call. Packages that have arrived are kept, so that the next try is faster.",
    "order"
  ),
  entry(
    "SalesPaused",
    Errors.SalesPaused,
    new Errors.SalesPaused({ detail: "The operator has paused sales. Nothing was charged.", retry_after: 60 }),
    "the operator has paused sales; paid orders are served",
    "Nothing was charged. Wait `retry_after` seconds and repeat the same call."
  ),
  entry(
    "NotConfigured",
    Errors.NotConfigured,
    new Errors.NotConfigured({
      detail: "Settings of the service are missing or malformed: TEMPO_RECIPIENT.",
      missing: ["TEMPO_RECIPIENT"]
    }),
    "a setting or binding of the service is missing; `missing` names it",
    "Only the operator can fix this. `GET /health` says when it is done."
  )
]
