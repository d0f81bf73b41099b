import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** The code does not start, or exports nothing that can be used. */
export class StartFailed extends Schema.TaggedError<StartFailed>()("StartFailed", {
  /** The cause, at most 200 characters: it must not serve as a free output channel. */
  message: Schema.String,
  /** The fix. */
  hint: Schema.optionalKey(Schema.String),
  /** Where in the bundle the code was when it threw, innermost first: line and column from 1; at most ten. */
  frames: Schema.Array(Schema.Tuple([Schema.Number, Schema.Number])).pipe(
    Schema.withConstructorDefault(Effect.succeed([]))
  ),
  /** The name of an export that a Worker may not have. */
  exported: Schema.optionalKey(Schema.String),
  /** Whether the same code would fail again: another call may have crashed the runner. */
  certain: Schema.Boolean
}) {}

/** No runner can start or run code now: the gateway's fault, whatever the code. */
export class RunnerUnavailable extends Schema.TaggedError<RunnerUnavailable>()("RunnerUnavailable", {
  message: Schema.String
}) {}
