import * as Schema from "effect/Schema"

/**
 * A fault that the compiler or the start check found in the source, as answers report it. `line` and `column` count from 1, and
 * 0 means unknown. `file` is empty if the fault is in no file.
 */
export const DiagnosticSchema = Schema.Struct({
  file: Schema.String,
  line: Schema.Finite,
  column: Schema.Finite,
  text: Schema.String,
  source: Schema.optionalKey(Schema.String),
  hint: Schema.optionalKey(Schema.String)
}).annotate({ identifier: "Diagnostic" })
/** A fault that the compiler or the start check found in the source. */
export type Diagnostic = typeof DiagnosticSchema.Type
