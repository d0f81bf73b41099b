import * as Schema from "effect/Schema"
import { notCharged, ownProblem, Problem, protocolProblem } from "../problem.ts"

/** 400: the request has no usable `files`. */
export class MissingFiles extends Problem<MissingFiles>()(
  "MissingFiles",
  { type: ownProblem("missing_files"), status: 400, title: "Missing files" },
  { code: Schema.tag("missing_files"), charged: notCharged }
) {}

/** 400: the request is malformed, for example a path, the name, the idempotency key or the credentials. */
export class InvalidRequest extends Problem<InvalidRequest>()(
  "InvalidRequest",
  { type: ownProblem("invalid_request"), status: 400, title: "Invalid request" },
  { code: Schema.tag("invalid_request"), charged: notCharged }
) {}

/** 400: the credential is for a payment method or intent that the gateway never offered. */
export class MethodUnsupported extends Problem<MethodUnsupported>()(
  "MethodUnsupported",
  { type: protocolProblem("method-unsupported"), status: 400, title: "Payment method unsupported" },
  { code: Schema.tag("invalid_request"), charged: notCharged }
) {}

/** 413: the source or the body is larger than the limit. */
export class CodeTooLarge extends Problem<CodeTooLarge>()(
  "CodeTooLarge",
  { type: ownProblem("code_too_large"), status: 413, title: "Code too large" },
  { code: Schema.tag("code_too_large"), charged: notCharged, limit_bytes: Schema.Int }
) {}

/** 414: the URL is longer than every URL of this API. */
export class UriTooLong extends Problem<UriTooLong>()(
  "UriTooLong",
  { type: ownProblem("uri_too_long"), status: 414, title: "URI too long" },
  { code: Schema.tag("uri_too_long"), charged: notCharged }
) {}

/** 431: the `Authorization` header is longer than any credential. */
export class HeaderTooLarge extends Problem<HeaderTooLarge>()(
  "HeaderTooLarge",
  { type: ownProblem("header_too_large"), status: 431, title: "Header too large" },
  { code: Schema.tag("header_too_large"), charged: notCharged }
) {}

/** 415: the request does not declare its body as JSON. */
export class UnsupportedMediaType extends Problem<UnsupportedMediaType>()(
  "UnsupportedMediaType",
  { type: ownProblem("unsupported_media_type"), status: 415, title: "Unsupported media type" },
  { code: Schema.tag("unsupported_media_type"), charged: notCharged }
) {}

/**
 * 403: the caller may not do this. Either a valid proof comes from another address than the payer's, or the request lacks the
 * operator's secret.
 */
export class Forbidden extends Problem<Forbidden>()(
  "Forbidden",
  { type: ownProblem("forbidden"), status: 403, title: "Forbidden" },
  { code: Schema.tag("forbidden"), charged: notCharged }
) {}

/** 404: there is no such path, or no such deployment. */
export class NotFound extends Problem<NotFound>()(
  "NotFound",
  { type: ownProblem("not_found"), status: 404, title: "Not found" },
  { code: Schema.tag("not_found"), charged: notCharged }
) {}

/** 405: the path exists and the method does not. The answer carries `Allow`. */
export class MethodNotAllowed extends Problem<MethodNotAllowed>()(
  "MethodNotAllowed",
  { type: ownProblem("method_not_allowed"), status: 405, title: "Method not allowed" },
  { code: Schema.tag("method_not_allowed"), charged: notCharged }
) {}
