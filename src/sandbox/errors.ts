import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** The code does not start, or exports nothing that can be used. */
export class StartFailed extends Schema.TaggedError<StartFailed>()("StartFailed", {
  /** The cause, at most 200 characters, because it must not become a free output channel. */
  message: Schema.String,
  /** The fix. */
  hint: Schema.optionalKey(Schema.String),
  /** The places in the bundle where the code threw, innermost first: line and column from 1; at most ten. */
  frames: Schema.Array(Schema.Tuple([Schema.Number, Schema.Number])).pipe(
    Schema.withConstructorDefault(Effect.succeed([]))
  ),
  /** The name of an export that a Worker may not have. */
  exported: Schema.optionalKey(Schema.String),
  /** Whether the same code would fail again. It is false if another call may have crashed the runner. */
  certain: Schema.Boolean
}) {}

/** No runner can start or run code now. The service failed, whatever the code. */
export class RunnerUnavailable extends Schema.TaggedError<RunnerUnavailable>()("RunnerUnavailable", {
  message: Schema.String
}) {}
