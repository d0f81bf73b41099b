import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CodeRunner, type Program } from "./CodeRunner.ts"
import { RunnerUnavailable, StartFailed } from "./errors.ts"
import { explain, explainExport } from "./explain.ts"
import { framesIn, mapStack, originsOf } from "./positions.ts"
import { type RunnerBinding, runnerOn } from "./remote/binding.ts"
import { makeRemoteRunner } from "./remote/remote-runner.ts"
import { workerCode } from "./program-code.ts"
import type { WorkerLoader } from "./worker/loader.ts"
import { LIMITS, type RunError, type RunResult, type RuntimeFailure } from "./worker/run.ts"
import type { FailedStart, Purpose } from "./worker/start.ts"

/** The most UTF-16 units of a start error's message, because unpaid code must not use it as a free output channel. */
const MAX_MESSAGE = 200

/** The most UTF-16 units of a stack in an answer. */
const MAX_STACK = 4000

/** Uses a service binding. The code runs in another process, so that it cannot freeze the gateway. */
export const layerRunnerBinding = (runner: RunnerBinding) => {
  const remote = makeRemoteRunner(runner)
  const check = Effect.fn("CodeRunner.check")(function* (upload: Program, purpose: Purpose) {
    const result = yield* remote.check(workerCode(upload, purpose), purpose)
    if ("crashedAfterMs" in result) {
      return yield* new StartFailed({
        message: "The code crashed the runner (endless loop or out of memory).",
        certain: false
      })
    }
    if ("runtimeFailure" in result) return yield* runnerUnavailable(result.runtimeFailure)
    if (!result.ok) return yield* toStartFailed(result, upload.main)
  })
  const run = Effect.fn("CodeRunner.run")(function* (upload: Program, input: string | null) {
    const result = yield* remote.run(workerCode(upload, "run"), input)
    return yield* "crashedAfterMs" in result
      ? Effect.succeed(resourceLimitExceeded(result.crashedAfterMs))
      : toRunResult(result, upload)
  })
  return Layer.succeed(CodeRunner, CodeRunner.of({ available: true, check, run }))
}

/** Uses a Worker Loader binding of this Worker. The platform enforces the limits of the code. */
export const layerLoader = (loader: WorkerLoader) => {
  const runner = runnerOn(loader)
  const attempt = <A>(call: () => Promise<A>) => Effect.tryPromise({ try: call, catch: runnerUnavailable })
  const check = Effect.fn("CodeRunner.check")(function* (upload: Program, purpose: Purpose) {
    const result = yield* attempt(() => runner.check(workerCode(upload, purpose), purpose))
    if ("runtimeFailure" in result) return yield* runnerUnavailable(result.runtimeFailure)
    if (!result.ok) return yield* toStartFailed(result, upload.main)
  })
  const run = Effect.fn("CodeRunner.run")((upload: Program, input: string | null) =>
    Effect.flatMap(
      attempt(() => runner.run(workerCode(upload, "run"), input)),
      (result) => toRunResult(result, upload)
    )
  )
  return Layer.succeed(CodeRunner, CodeRunner.of({ available: true, check, run }))
}

/** For platforms without a loader. Nothing checks the code before the host starts it, and no code can be run. */
export const layerNoRunner = Layer.succeed(
  CodeRunner,
  CodeRunner.of({
    available: false,
    check: () => Effect.void,
    run: () => new RunnerUnavailable({ message: "this platform has no Worker Loader" })
  })
)

const toStartFailed = ({ message, threw, invalidExports = [] }: FailedStart, main: string) => {
  const [exported] = invalidExports
  const { text, hint } = exported === undefined ? explain(message) : explainExport(exported)
  const frames = framesIn(message, main)
  return new StartFailed({
    message: text.slice(0, MAX_MESSAGE),
    ...(hint !== undefined && { hint }),
    frames: (frames.length > 0 ? frames : framesIn(threw?.stack ?? "", main)).slice(0, 10),
    ...(exported !== undefined && { exported: exported.name }),
    certain: true
  })
}

const runnerUnavailable = (cause: unknown) => new RunnerUnavailable({ message: String(cause).slice(0, MAX_MESSAGE) })

const toRunResult = (
  result: RunResult | RuntimeFailure,
  upload: Program
): Effect.Effect<RunResult, RunnerUnavailable> => {
  if ("runtimeFailure" in result) return Effect.fail(runnerUnavailable(result.runtimeFailure))
  return Effect.succeed(result.ok ? result : { ...result, error: explainError(result.error, upload) })
}

/** Whether a run's error is the runtime's. All other errors are the author's own, and stay as they are. */
const isRuntimeMessage = (message: string): boolean =>
  /^(Disallowed operation called within|This worker is not permitted to|Dynamic require of "|No such module ")/.test(
    message
  )

/** Adds the author's files to an error's stack, and explains the runtime's message. */
const explainError = ({ name, message, stack }: RunError, { main, map }: Program): RunError => {
  const { text, hint } = isRuntimeMessage(message) ? explain(message) : { text: message, hint: undefined }
  const mapped = stack !== undefined && map !== undefined ? mapStack(stack, main, originsOf(map)) : stack
  return {
    name,
    message: hint === undefined || text === message ? text : `${text} ${hint}`,
    ...(mapped !== undefined && { stack: mapped.slice(0, MAX_STACK) })
  }
}

/** The result of a run that crashed its runner while it was the only call in it. */
const resourceLimitExceeded = (durationMs: number): RunResult => ({
  ok: false,
  error: {
    name: "ResourceLimitExceeded",
    message: `The code used more than ${LIMITS.cpuMs} ms of CPU time, or more memory than a Worker has. The gateway ended it.`
  },
  durationMs
})
