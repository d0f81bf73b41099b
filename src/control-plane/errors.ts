import * as Schema from "effect/Schema"

/*
 * The errors of the control plane. They tell an order whether the effect may have happened: after `ControlPlaneUnavailable` it
 * may, after any other error it did not.
 */

/** The account already has a project with this slug, in any status, or is creating one. */
export class SlugTaken extends Schema.TaggedError<SlugTaken>()("SlugTaken", {
  slug: Schema.String
}) {}

/** The control plane refused the upload because the code does not start. The previous code, if any, keeps serving. */
export class CodeRejected extends Schema.TaggedError<CodeRejected>()("CodeRejected", {
  /** The control plane's words, at most 300 characters. */
  message: Schema.String
}) {}

/** The database refused the statements because of their text or its data. None of them has taken effect. */
export class QueryRejected extends Schema.TaggedError<QueryRejected>()("QueryRejected", {
  /** The database's words, at most 300 characters. */
  message: Schema.String
}) {}

/** The control plane refused, and nothing happened. The same request may succeed later. */
export class ControlPlaneRefused extends Schema.TaggedError<ControlPlaneRefused>()("ControlPlaneRefused", {
  /** The HTTP status of the answer. */
  status: Schema.Int,
  /** The control plane's words, at most 300 characters. */
  message: Schema.String
}) {}

/** No answer, or one that cannot be decoded: the outcome is unknown, and the effect may have happened. */
export class ControlPlaneUnavailable extends Schema.TaggedError<ControlPlaneUnavailable>()("ControlPlaneUnavailable", {
  /** The problem, at most 300 characters. */
  message: Schema.String
}) {}
