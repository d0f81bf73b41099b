import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Upload } from "../control-plane/ControlPlaneClient.ts"
import type { RunnerUnavailable, StartFailed } from "./errors.ts"
import type { BindingKind } from "./isolate/stand-ins.ts"
import type { RunResult } from "./worker/run.ts"
import type { Purpose } from "./worker/start.ts"

export { RunnerUnavailable, StartFailed } from "./errors.ts"
export { LIMITS, type RunResult, type RunError } from "./worker/run.ts"
export type { Purpose } from "./worker/start.ts"
export type { BindingKind } from "./isolate/stand-ins.ts"

/** The parts of a host that a start check imitates. */
export interface StandIns {
  /** The bindings in `env`, by their names. */
  readonly bindings: Readonly<Record<string, BindingKind>>
  /** The exported classes of Durable Objects. */
  readonly classes: ReadonlyArray<string>
  /** Whether the host serves assets beside the program. */
  readonly assets: boolean
}

/** A program for the runner: a bundle, and the settings of its runtime. It has no secrets, because the host sets them after the start. */
export interface Program extends Omit<Upload, "secrets"> {
  /** The bundle's source map: with it, stacks name the author's files. */
  readonly map?: string
  readonly standIns?: StandIns
}

interface Service {
  /** Whether this platform can run code, so that bundles are started before the charge. */
  readonly available: boolean
  /** Starts a bundle without network, with stand-ins for its bindings. Fails if it does not start or cannot serve its purpose. */
  readonly check: (upload: Program, purpose: Purpose) => Effect.Effect<void, StartFailed | RunnerUnavailable>
  /** Calls a bundle once. `input` is the text of a JSON value, null for none. An error of the code is a result, too. */
  readonly run: (upload: Program, input: string | null) => Effect.Effect<RunResult, RunnerUnavailable>
}

/** Starts and runs code with the Worker Loader, if the platform offers one. */
export class CodeRunner extends Context.Service<CodeRunner, Service>()("mpp-compute/sandbox/CodeRunner") {}
