import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CodeRunner } from "./CodeRunner.ts"

/** A runner for tests. Calls that the script does not define succeed. */
export const layerCodeRunnerTest = (script: Partial<Pick<CodeRunner["Service"], "check" | "run">> = {}) => {
  const run = () => Effect.succeed({ ok: true as const, result: "null", durationMs: 1 })
  return Layer.succeed(CodeRunner, CodeRunner.of({ available: true, check: () => Effect.void, run, ...script }))
}
