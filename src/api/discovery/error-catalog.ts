import * as Errors from "../../domain/Errors.ts"
import { exampleDeployment } from "./example.ts"
import { entry, type ErrorEntry } from "./error-entry.ts"

export type { ErrorEntry } from "./error-entry.ts"

const retry = { idempotency_key: "key_5f0c8e2d7b1a4693a0c1d2e3f4a5b6c7" }
const { deployment_id } = exampleDeployment
const status_url = `https://compute.example/deployments/${deployment_id}`

/**
 * Every error response, ordered by status. It is the source of OpenAPI's examples and of the error table of `/llms.txt`, and a
 * test compares it with `docs/errors.md`.
 */
export const errorCatalog = (): ReadonlyArray<ErrorEntry> => (made ??= make())

// The first call makes the list, because every isolate would spend four milliseconds on it before its first answer.
let made: ReadonlyArray<ErrorEntry> | undefined
const make = (): ReadonlyArray<ErrorEntry> => [
  entry(
    "MissingFiles",
    Errors.MissingFiles,
    new Errors.MissingFiles({ detail: 'The body is not JSON. Send {"files": {"src/index.ts": "…"}}.' }),
    "`files` is missing or unusable",
    'Send `{"files": {"src/index.ts": "…"}}`: at least one path, each with its source as a string.'
  ),
  entry(
    "InvalidRequest",
    Errors.InvalidRequest,
    new Errors.InvalidRequest({ detail: "The path \"../a.ts\" must not contain '..'." }),
    "a path, name, `code`, `input`, `Idempotency-Key` or `Host` is invalid; unknown fields; several credentials",
    "Correct what `detail` names and send the request again."
  ),
  entry(
    "MethodUnsupported",
    Errors.MethodUnsupported,
    new Errors.MethodUnsupported({ detail: "Only the method tempo with the intent charge is offered here." }),
    "the credential is for a payment method that was not offered",
    "Pay the challenge of a 402 with the method that it names."
  ),
  entry(
    "PaymentRequired",
    Errors.PaymentRequired,
    Errors.PaymentRequired.of("payment-required", "This costs money. Pay the challenge in WWW-Authenticate."),
    "the credential is missing, malformed, expired, used, wrong or cannot be paid; there is a fresh challenge",
    "Pay the challenge in `WWW-Authenticate` and send the same body, byte for byte, with the credential. `type` and `detail` " +
      "say what was wrong with the credential that you sent."
  ),
  entry(
    "Forbidden",
    Errors.Forbidden,
    new Errors.Forbidden({ detail: "Another account paid for this deployment. Sign with the key that paid for it." }),
    "the deployment belongs to another payer, or only the scheduler may make this call",
    "Sign the challenge with the key that paid for the deployment."
  ),
  entry(
    "NotFound",
    Errors.NotFound,
    new Errors.NotFound({ detail: "No such deployment. Check the deployment_id." }),
    "the path or the deployment does not exist",
    "Check the path and the `deployment_id`."
  ),
  entry(
    "MethodNotAllowed",
    Errors.MethodNotAllowed,
    new Errors.MethodNotAllowed({ detail: "/deploy takes POST, not GET." }),
    "the path takes other methods; see `Allow`",
    "Use a method that `Allow` lists."
  ),
  entry(
    "OrderInProgress",
    Errors.OrderInProgress,
    new Errors.OrderInProgress({
      detail: "This order is in progress. Repeat the same call with the Idempotency-Key of retry.",
      charged: true,
      deployment_id,
      status_url,
      retry,
      retry_after: 5
    }),
    "the order is in progress; see `Retry-After`",
    "Wait `retry_after` seconds and repeat the same call with the `Idempotency-Key` of `retry`. It never pays twice.",
    "order"
  ),
  entry(
    "WrongIdempotencyKey",
    Errors.WrongIdempotencyKey,
    new Errors.WrongIdempotencyKey({
      detail: "This credential has paid under another Idempotency-Key. Repeat the call with that key at no cost.",
      charged: true,
      retry
    }),
    "the credential has paid already, under another `Idempotency-Key`",
    "Do not pay again. Repeat the call with the `Idempotency-Key` that you sent first, or that of `retry`: it is free. To buy " +
      "another one, send the request without a credential.",
    "order"
  ),
  entry(
    "Expired",
    Errors.Expired,
    new Errors.Expired({
      detail: "This deployment has expired. POST /deploy with another Idempotency-Key for another.",
      deployment_id
    }),
    "it was delivered, and has expired since",
    "To have it again, deploy with another `Idempotency-Key`; this costs the price again."
  ),
  entry(
    "CodeTooLarge",
    Errors.CodeTooLarge,
    new Errors.CodeTooLarge({
      detail: "The sources have 600000 bytes of UTF-8. The limit is 512000.",
      limit_bytes: 512_000
    }),
    "more than 512,000 bytes of source, a body above 4 MiB, or an `input` above 4 MiB once it is written out",
    "Leave out data, tests and files that nothing imports."
  ),
  entry(
    "UriTooLong",
    Errors.UriTooLong,
    new Errors.UriTooLong({ detail: "The URL's path and query have 9000 characters. The limit is 8192." }),
    "a path and query of more than 8,192 characters",
    "Use the paths of this guide and send data in the body."
  ),
  entry(
    "UnsupportedMediaType",
    Errors.UnsupportedMediaType,
    new Errors.UnsupportedMediaType({ detail: "The body must be JSON. Send it with Content-Type: application/json." }),
    "the body is not JSON, or is compressed",
    "Send `Content-Type: application/json` and no `Content-Encoding`."
  ),
  entry(
    "BundleFailed",
    Errors.BundleFailed,
    new Errors.BundleFailed({
      detail: "The source does not bundle. Nothing was charged.",
      diagnostics: [
        {
          file: "src/index.ts",
          line: 1,
          column: 20,
          text: 'Could not resolve "./nowhere"',
          hint: "Send src/nowhere.ts, or correct the import."
        }
      ]
    }),
    "the source does not bundle, does not start, or exports nothing that can serve or run; see `diagnostics`",
    "It cost nothing. Fix the source where `diagnostics` point and deploy again.",
    "order"
  ),
  entry(
    "TooManyAttempts",
    Errors.TooManyAttempts,
    new Errors.TooManyAttempts({
      detail: "60 attempts of this payer failed within an hour. Nothing was charged.",
      retry_after: 540
    }),
    "4 attempts of this payer are in progress, or 60 failed within an hour; paid orders are not limited",
    "Wait `retry_after` seconds. Send one order at a time, and correct what the earlier answers named.",
    "order"
  ),
  entry(
    "HeaderTooLarge",
    Errors.HeaderTooLarge,
    new Errors.HeaderTooLarge({ detail: "The Authorization header has 90000 characters. The limit is 65536." }),
    "the `Authorization` header has more than 65,536 characters",
    "Send one payment credential, unchanged."
  ),
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
      deployment_id,
      status_url,
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
      deployment_id,
      status_url,
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

/** The text for `charged` in a table. */
export const chargedText = ({ charged }: ErrorEntry): string => (charged === "order" ? "the order's" : String(charged))
