import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { COMPATIBILITY_DATE, type Upload } from "../control-plane/ControlPlaneClient.ts"
import { CodeRunner, type Program } from "./CodeRunner.ts"
import { RunnerUnavailable, StartFailed } from "./errors.ts"
import { explain, exportExplained } from "./explain.ts"
import { framesIn, mapStack, originsOf } from "./positions.ts"
import { type RunnerBinding, runnerOn } from "./remote/binding.ts"
import { makeRemote } from "./remote/remote.ts"
import type { Loadable, Loader } from "./worker/loader.ts"
import { type Broken, LIMITS, type Ran, type RunError } from "./worker/run.ts"
import type { Purpose, Refusal } from "./worker/start.ts"

// It is no free output channel: what the code says while it starts is cut (200 characters).
const maxMessage = 200

/** How much of a stack is told, in UTF-16 units. */
const maxStack = 4000

/** By a service binding: the code runs in another process, whose freezing is not ours. */
export const layerRunnerBinding = (runner: RunnerBinding) => {
  const remote = makeRemote(runner)
  const check = Effect.fn("CodeRunner.check")(function* (upload: Program, purpose: Purpose) {
    const verdict = yield* remote.check(loadable(upload, purpose), purpose)
    if ("down" in verdict) {
      return yield* new StartFailed({
        message: "The code crashed the runner (endless loop or out of memory).",
        certain: false
      })
    }
    if ("broken" in verdict) return yield* unavailable(verdict.broken)
    if (!verdict.ok) return yield* startFailed(verdict, upload.main)
  })
  const run = Effect.fn("CodeRunner.run")(function* (upload: Program, input: string | null) {
    const ran = yield* remote.run(loadable(upload, "run"), input)
    return yield* "down" in ran ? Effect.succeed(takenDown(ran.down)) : unbroken(ran, upload)
  })
  return Layer.succeed(CodeRunner, CodeRunner.of({ available: true, check, run }))
}

/** By a Worker Loader binding of this Worker: the platform keeps code within its limits. */
export const layerLoader = (loader: Loader) => {
  const runner = runnerOn(loader)
  const attempt = <A>(call: () => Promise<A>) => Effect.tryPromise({ try: call, catch: unavailable })
  const check = Effect.fn("CodeRunner.check")(function* (upload: Program, purpose: Purpose) {
    const verdict = yield* attempt(() => runner.check(loadable(upload, purpose), purpose))
    if ("broken" in verdict) return yield* unavailable(verdict.broken)
    if (!verdict.ok) return yield* startFailed(verdict, upload.main)
  })
  const run = Effect.fn("CodeRunner.run")((upload: Program, input: string | null) =>
    Effect.flatMap(
      attempt(() => runner.run(loadable(upload, "run"), input)),
      (ran) => unbroken(ran, upload)
    )
  )
  return Layer.succeed(CodeRunner, CodeRunner.of({ available: true, check, run }))
}

/** Where there is no loader nothing is checked: the host is the first to start the code, and none can be run here. */
export const layerNoRunner = Layer.succeed(
  CodeRunner,
  CodeRunner.of({
    available: false,
    check: () => Effect.void,
    run: () => new RunnerUnavailable({ message: "there is no loader" })
  })
)

/** A site has what its host gives it; what is called once has Node's modules and globals, an empty `process.env` included. */
const loadable = ({ main, code, compatibilityFlags }: Upload, purpose: Purpose): Loadable => ({
  mainModule: main,
  modules: { [main]: code },
  compatibilityDate: COMPATIBILITY_DATE,
  compatibilityFlags: purpose === "run" ? ["nodejs_compat"] : compatibilityFlags,
  // Jack gives every site the id of its project. There is none yet; code may look at it when it starts.
  env: purpose === "serve" ? { PROJECT_ID: "proj_00000000-0000-0000-0000-000000000000" } : {}
})

const startFailed = ({ message, threw, odd = [] }: Refusal, main: string) => {
  const [exported] = odd
  const { text, hint } = exported === undefined ? explain(message) : exportExplained(exported)
  const frames = framesIn(message, main)
  return new StartFailed({
    message: text.slice(0, maxMessage),
    ...(hint !== undefined && { hint }),
    frames: (frames.length > 0 ? frames : framesIn(threw?.stack ?? "", main)).slice(0, 10),
    ...(exported !== undefined && { exported: exported.name }),
    certain: true
  })
}

const unavailable = (cause: unknown) => new RunnerUnavailable({ message: String(cause).slice(0, maxMessage) })

const unbroken = (ran: Ran | Broken, upload: Program): Effect.Effect<Ran, RunnerUnavailable> => {
  if ("broken" in ran) return Effect.fail(unavailable(ran.broken))
  return Effect.succeed(ran.ok ? ran : { ...ran, error: inAuthorsWords(ran.error, upload) })
}

/** Whether a run's error has the runtime's words. All others are the author's own, and stay as they are. */
const isRuntimes = (message: string): boolean =>
  /^(Disallowed operation called within|This worker is not permitted to|Dynamic require of "|No such module ")/.test(
    message
  )

/** An error with the author's files in its stack; what the runtime says is explained. */
const inAuthorsWords = ({ name, message, stack }: RunError, { main, map }: Program): RunError => {
  const { text, hint } = isRuntimes(message) ? explain(message) : { text: message, hint: undefined }
  const mapped = stack !== undefined && map !== undefined ? mapStack(stack, main, originsOf(map)) : stack
  return {
    name,
    message: hint === undefined || text === message ? text : `${text} ${hint}`,
    ...(mapped !== undefined && { stack: mapped.slice(0, maxStack) })
  }
}

/** A run gets this answer if it took its runner down while it was the only one. */
const takenDown = (durationMs: number): Ran => ({
  ok: false,
  error: {
    name: "ResourceLimitExceeded",
    message: `The code took more than ${LIMITS.cpuMs} ms of CPU time, or more memory than a Worker has. It was ended.`
  },
  durationMs
})
