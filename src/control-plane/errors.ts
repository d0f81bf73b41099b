import * as Schema from "effect/Schema"

/**
 * A call of the control plane can fail with this. The difference that matters to an order is whether the effect may
 * have happened: after `ControlPlaneUnavailable` it may, after any other it did not.
 */

/** The create collided: the account has, or is just getting, a project with this slug, in whatever status. */
export class SlugTaken extends Schema.TaggedError<SlugTaken>()("SlugTaken", {
  slug: Schema.String
}) {}

/** The upload was refused because of the code in it: it does not start. The previous code, if any, keeps serving. */
export class CodeRejected extends Schema.TaggedError<CodeRejected>()("CodeRejected", {
  /** The control plane says this, at most 300 characters. */
  message: Schema.String
}) {}

/** A definite no: nothing happened. The same request may or may not do better later. */
export class ControlPlaneRefused extends Schema.TaggedError<ControlPlaneRefused>()("ControlPlaneRefused", {
  /** The HTTP status of the answer. */
  status: Schema.Int,
  /** The control plane says this, at most 300 characters. */
  message: Schema.String
}) {}

/** No answer, or none that can be understood: the outcome is unknown and the effect may have happened. */
export class ControlPlaneUnavailable extends Schema.TaggedError<ControlPlaneUnavailable>()("ControlPlaneUnavailable", {
  /** The problem, at most 300 characters. */
  message: Schema.String
}) {}
