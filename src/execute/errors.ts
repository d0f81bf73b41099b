import * as Schema from "effect/Schema"

/** The code does not start, or has nothing that can be used: `message` is the runtime's own, cut to 200 characters. */
export class StartFailed extends Schema.TaggedError<StartFailed>()("StartFailed", {
  message: Schema.String,
  /** Whether the same code would fail again: what took its runner down may have been a neighbour. */
  certain: Schema.Boolean
}) {}

/** Nobody is there to start or run anything: our fault, whatever the code. */
export class RunnerUnavailable extends Schema.TaggedError<RunnerUnavailable>()("RunnerUnavailable", {
  message: Schema.String
}) {}
