import * as Errors from "../../domain/Errors.ts"
import { exampleDeployment } from "./example.ts"
import { entry, type ErrorEntry } from "./error-entry.ts"

export type { ErrorEntry } from "./error-entry.ts"

const retry = { idempotency_key: "key_5f0c8e2d7b1a4693a0c1d2e3f4a5b6c7" }
const { deployment_id } = exampleDeployment
const status_url = `https://compute.example/deployments/${deployment_id}`

/**
 * Every answer other than success, in the order of their status. The one list from which OpenAPI's examples and the error
 * table of `/llms.txt` are made, and with which a test compares the README's.
 */
export const errorCatalog = (): ReadonlyArray<ErrorEntry> => (made ??= make())

// Made when somebody asks: every isolate would spend four milliseconds on it before its first answer.
let made: ReadonlyArray<ErrorEntry> | undefined
const make = (): ReadonlyArray<ErrorEntry> => [
  entry(
    "MissingFiles",
    Errors.MissingFiles,
    new Errors.MissingFiles({ detail: 'The body is not JSON. Send {"files": {"src/index.ts": "…"}}.' }),
    "no usable `files`",
    'Send `{"files": {"src/index.ts": "…"}}`: at least one path, each with its source as a string.'
  ),
  entry(
    "InvalidRequest",
    Errors.InvalidRequest,
    new Errors.InvalidRequest({ detail: 'The path "../a.ts" leads out with ..; paths stay within the project.' }),
    "a bad path, name, `code`, `input` or `Idempotency-Key`; unknown fields; several credentials; a `Host` that is no host name",
    "Correct what `detail` names."
  ),
  entry(
    "MethodUnsupported",
    Errors.MethodUnsupported,
    new Errors.MethodUnsupported({ detail: "Only the method tempo with the intent charge is offered here." }),
    "a credential for a payment method that was not offered",
    "Answer the challenge of a 402 with the method that it names."
  ),
  entry(
    "PaymentRequired",
    Errors.PaymentRequired,
    Errors.PaymentRequired.of("payment-required", "This costs money. Pay the challenge in WWW-Authenticate."),
    "no, malformed, expired, used, wrong or unpayable credential; always with a fresh challenge",
    "Pay the challenge in `WWW-Authenticate` and send the very same body again with the credential. `type` and `detail` say " +
      "what was wrong with a credential that was sent."
  ),
  entry(
    "Forbidden",
    Errors.Forbidden,
    new Errors.Forbidden({ detail: "This deployment is somebody else's. Prove it with the key that paid for it." }),
    "somebody else's deployment, or a call that only the scheduler may make",
    "Answer the challenge with the key that paid for the deployment."
  ),
  entry(
    "NotFound",
    Errors.NotFound,
    new Errors.NotFound({ detail: "No such deployment. Check the deployment_id." }),
    "no such path or deployment",
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
      detail: "This order is still being served. Repeat the same call with the Idempotency-Key of retry.",
      charged: true,
      deployment_id,
      status_url,
      retry,
      retry_after: 5
    }),
    "still being served; see `Retry-After`",
    "Wait `retry_after` seconds and repeat the same call with the `Idempotency-Key` of `retry`. It never pays twice.",
    "order"
  ),
  entry(
    "WrongIdempotencyKey",
    Errors.WrongIdempotencyKey,
    new Errors.WrongIdempotencyKey({
      detail: "This credential has paid under another Idempotency-Key. Repeat the call with that one at no cost.",
      charged: true,
      retry
    }),
    "a credential that has paid, with another `Idempotency-Key` than it paid under",
    "Do not pay again. Repeat the call with the `Idempotency-Key` that you sent first, or that of `retry`: it is free. To buy " +
      "another, send the request without a credential.",
    "order"
  ),
  entry(
    "Expired",
    Errors.Expired,
    new Errors.Expired({
      detail: "This deployment has lived its time. Another Idempotency-Key buys another.",
      deployment_id
    }),
    "delivered, and its time is over",
    "To have it again, deploy with another `Idempotency-Key`; that costs the price again."
  ),
  entry(
    "CodeTooLarge",
    Errors.CodeTooLarge,
    new Errors.CodeTooLarge({ detail: "The sources are 600000 bytes of UTF-8; at most 512000.", limit_bytes: 512_000 }),
    "more than 512,000 bytes of source, a body above 4 MiB, or an `input` that is larger once it is written out",
    "Send less source: leave out data, tests and what is not imported."
  ),
  entry(
    "UriTooLong",
    Errors.UriTooLong,
    new Errors.UriTooLong({ detail: "The URL's path and query have 9000 characters; at most 8192 are taken." }),
    "a path and query of more than 8,192 characters",
    "Use the paths of this guide, and send data in the body."
  ),
  entry(
    "UnsupportedMediaType",
    Errors.UnsupportedMediaType,
    new Errors.UnsupportedMediaType({ detail: "Send the body as JSON, with Content-Type: application/json." }),
    "a body that is not JSON, or packed",
    "Send `Content-Type: application/json`, and no `Content-Encoding`."
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
    "does not bundle, has nothing that can serve or be run, or does not start; see `diagnostics`",
    "Mend the source where `diagnostics` point and deploy again. It cost nothing.",
    "order"
  ),
  entry(
    "TooManyAttempts",
    Errors.TooManyAttempts,
    new Errors.TooManyAttempts({
      detail: "60 attempts to pay by this payer failed within an hour. Nothing was charged.",
      retry_after: 540
    }),
    "4 attempts of this payer are in progress, or 60 failed within an hour; see `Retry-After`. Paid orders are served all the same",
    "Wait `retry_after` seconds. Send a payer's orders one after the other, and correct what the answers before said.",
    "order"
  ),
  entry(
    "HeaderTooLarge",
    Errors.HeaderTooLarge,
    new Errors.HeaderTooLarge({ detail: "The Authorization header has 90000 characters; at most 65536 are read." }),
    "an `Authorization` header of more than 65,536 characters",
    "Send one payment credential, as the client made it."
  ),
  entry(
    "Internal",
    Errors.Internal,
    new Errors.Internal({ detail: "Something broke on our side. Repeat the same call.", charged: null, retry }),
    "a defect",
    "Repeat the same call with the same `Idempotency-Key`, or that of `retry` where there is one. It never pays twice.",
    "order"
  ),
  entry(
    "DeployFailed",
    Errors.DeployFailed,
    new Errors.DeployFailed({
      detail: "You were charged. It goes on by itself; do not pay again.",
      deployment_id,
      status_url,
      fault: "service",
      retry,
      retry_after: 2
    }),
    "charged and not live yet: it goes on by itself, do not pay again; see `status_url`",
    "Do not pay again. With `fault: service` it goes on by itself: poll `status_url`, or repeat the same call with the " +
      "`Idempotency-Key` of `retry`, free. With `fault: code` the host refuses this code, `detail` says why: PUT other code, free."
  ),
  entry(
    "HostUnavailable",
    Errors.HostUnavailable,
    new Errors.HostUnavailable({
      detail: "The host does not take deployments at this moment. Nothing was charged; try again later.",
      host: "unavailable",
      retry_after: 10
    }),
    "the host cannot deliver at this moment, which is found out before the payment: nothing was charged, and there is no `deployment_id`",
    "Nothing was charged. Wait `retry_after` seconds and repeat the same call; while `host` is `unusable`, only the operator can mend it."
  ),
  entry(
    "ExecuteFailed",
    Errors.ExecuteFailed,
    new Errors.ExecuteFailed({
      detail: "You were charged, and the code could not be run, which is our fault. Do not pay again.",
      retry,
      retry_after: 2
    }),
    "`/execute`: charged and not run yet, which is our fault: repeat with the same key",
    "Do not pay again. Wait `retry_after` seconds and repeat the same call with the `Idempotency-Key` of `retry`, free. What your " +
      "code throws is no such error: it is a 200 with `error`."
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
    "sent, and the chain has not said: repeat with the same key",
    "Do not pay again. Wait `retry_after` seconds and repeat the same call with the `Idempotency-Key` of `retry`."
  ),
  entry(
    "PaymentUnavailable",
    Errors.PaymentUnavailable,
    new Errors.PaymentUnavailable({ detail: "The chain does not answer. Nothing was sent to it.", retry_after: 5 }),
    "the chain cannot be asked; nothing was sent",
    "Wait `retry_after` seconds and repeat the same call."
  ),
  entry(
    "Busy",
    Errors.Busy,
    new Errors.Busy({ detail: "Too many builds are in flight.", retry_after: 2 }),
    "too many builds in flight, or payments from one address; see `Retry-After`",
    "Wait `retry_after` seconds and repeat the same call.",
    "order"
  ),
  entry(
    "NotConfigured",
    Errors.NotConfigured,
    new Errors.NotConfigured({
      detail: "Settings of the service are missing or malformed: TEMPO_RECIPIENT.",
      missing: ["TEMPO_RECIPIENT"]
    }),
    "a setting or binding is missing; it says which",
    "Nothing to be done from outside; `GET /health` tells when it is."
  )
]

/** How `charged` reads in a table. */
export const chargedText = ({ charged }: ErrorEntry): string => (charged === "order" ? "the order's" : String(charged))
