import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Upload } from "../control-plane/ControlPlaneClient.ts"
import type { RunnerUnavailable, StartFailed } from "./errors.ts"
import type { Ran } from "./worker/run.ts"
import type { Purpose } from "./worker/start.ts"

export { RunnerUnavailable, StartFailed } from "./errors.ts"
export { LIMITS, type Ran, type RunError } from "./worker/run.ts"
export type { Purpose } from "./worker/start.ts"

/** The runner starts or calls this: a bundle, and its runtime's compatibility. */
export interface Program extends Upload {
  /** The bundle's source map: with it, stacks are in the author's files. */
  readonly map?: string
}

interface Service {
  /** Whether code can be run, and bundles are started before anybody is charged. */
  readonly available: boolean
  /** Loads a bundle without network and environment, and tells whether it starts and can do what it is for. */
  readonly check: (upload: Program, purpose: Purpose) => Effect.Effect<void, StartFailed | RunnerUnavailable>
  /** Calls a bundle once; `input` is the text of a JSON value, null for none. What the code does wrong is an answer too. */
  readonly run: (upload: Program, input: string | null) => Effect.Effect<Ran, RunnerUnavailable>
}

/** Loads code by the Worker Loader, where the platform offers one. */
export class CodeRunner extends Context.Service<CodeRunner, Service>()("mpp-compute/sandbox/CodeRunner") {}
