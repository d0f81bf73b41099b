import * as Errors from "../../../domain/Errors.ts"
import { exampleDeployment, exampleLinks, exampleRetry as retry } from "../example.ts"
import { entry, type ErrorEntry } from "./error-entry.ts"
import { serviceErrors } from "./service-errors.ts"

export type { ErrorEntry } from "./error-entry.ts"

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
    "a path, name, `env`, `code`, `input`, `Idempotency-Key` or `Host` is invalid; unknown fields; several credentials",
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
    "Denied",
    Errors.Denied,
    new Errors.Denied({
      detail: "The operator sells nothing to this payer: it has served malware. Nothing was charged."
    }),
    "the operator sells nothing to this payer; paid orders are served",
    "Nothing was charged. `detail` has the operator's reason. What you have paid for is served, updates and deletes too."
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
      ...exampleLinks,
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
    "TooFarAhead",
    Errors.TooFarAhead,
    new Errors.TooFarAhead({
      detail: "The deployment ends at 2026-04-26T21:00:00Z, and a renewal may reach at most 30 days ahead.",
      expires_at: "2026-04-26T21:00:00Z",
      max_days: 30
    }),
    "a renewal would reach further ahead than `max_days`",
    "Nothing was charged. Renew the deployment later; it lives until `expires_at`."
  ),
  entry(
    "Expired",
    Errors.Expired,
    new Errors.Expired({
      detail: "This deployment has expired. POST /deploy with another Idempotency-Key for another.",
      deployment_id: exampleDeployment.deployment_id,
      expired_at: exampleDeployment.expires_at
    }),
    "it was delivered, and has expired, was deleted or was taken down since; see `expired_at`",
    "To have it again, deploy with another `Idempotency-Key`; this costs the price again. If the operator has taken it down, do not " +
      "deploy it again: `detail` has the reason. A renewal that is refused costs nothing.",
    "order"
  ),
  entry(
    "PreconditionFailed",
    Errors.PreconditionFailed,
    new Errors.PreconditionFailed({
      detail: "The source of this deployment is not the one that If-Match names. Nothing was changed.",
      etag: `"${"0a1b2c3d".repeat(8)}"`
    }),
    "the source of the deployment is not the one that `If-Match` names",
    "GET the deployment's files and send the update again with their `ETag`. Nothing was changed."
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
    "TooManyDeployments",
    Errors.TooManyDeployments,
    new Errors.TooManyDeployments({
      detail: "This payer has 50 deployments, and one payer may have 50 at once. Nothing was charged.",
      ends_at: exampleDeployment.expires_at,
      retry_after: 540
    }),
    "this payer has as many deployments as one may have at once; see `ends_at`",
    "Nothing was charged. DELETE a deployment, which is free, or wait until `ends_at`. `GET /deployments` lists them."
  ),
  entry(
    "HeaderTooLarge",
    Errors.HeaderTooLarge,
    new Errors.HeaderTooLarge({ detail: "The Authorization header has 90000 characters. The limit is 65536." }),
    "the `Authorization` header has more than 65,536 characters",
    "Send one payment credential, unchanged."
  ),
  ...serviceErrors()
]

/** The text for `charged` in a table. */
export const chargedText = ({ charged }: ErrorEntry): string => (charged === "order" ? "the order's" : String(charged))
