import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** The code does not start, or has nothing that can be used. */
export class StartFailed extends Schema.TaggedError<StartFailed>()("StartFailed", {
  /** The fault, at most 200 characters: it is no free output channel. */
  message: Schema.String,
  /** The fix. */
  hint: Schema.optionalKey(Schema.String),
  /** Where in the bundle the code was when it threw, innermost first: line and column from 1; at most ten. */
  frames: Schema.Array(Schema.Tuple([Schema.Number, Schema.Number])).pipe(
    Schema.withConstructorDefault(Effect.succeed([]))
  ),
  /** The export that is none for a Worker. */
  exported: Schema.optionalKey(Schema.String),
  /** Whether the same code would fail again: what took its runner down may have been a neighbour. */
  certain: Schema.Boolean
}) {}

/** Nobody is there to start or run anything: our fault, whatever the code. */
export class RunnerUnavailable extends Schema.TaggedError<RunnerUnavailable>()("RunnerUnavailable", {
  message: Schema.String
}) {}
