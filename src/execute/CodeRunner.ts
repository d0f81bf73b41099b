import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { COMPATIBILITY_DATE, type Upload } from "../control-plane/ControlPlaneClient.ts"

/** The bundle does not start: `message` is the runtime's own, cut to 200 characters. */
export class StartFailed extends Schema.TaggedError<StartFailed>()("StartFailed", {
  message: Schema.String,
  /** Whether the same bundle would fail again: a time-out may be a neighbour's doing. */
  certain: Schema.Boolean
}) {}

/** Nobody is there to start anything: our fault, whatever the bundle. */
export class RunnerUnavailable extends Schema.TaggedError<RunnerUnavailable>()("RunnerUnavailable", {
  message: Schema.String
}) {}

/** What is loaded: one Worker's modules. */
export interface Loadable {
  readonly mainModule: string
  readonly modules: Readonly<Record<string, string>>
  readonly compatibilityDate: string
  readonly compatibilityFlags: ReadonlyArray<string>
}

/** What a `Runner` entrypoint answers over RPC. */
export type Started = { readonly ok: true } | { readonly ok: false; readonly message: string }

/** The service binding of a Worker that loads code, in a process of its own. */
export interface RunnerBinding {
  readonly check: (code: Loadable) => Promise<Started>
}

// It is no free output channel: what the code says while it starts is cut (200 characters).
const maxMessage = 200
// Bundling and this have to fit into the 25 seconds that a signed payment is valid.
const timeoutMillis = 6_000
// A runner that is away refuses at once; one that takes longer than this is kept busy, by this bundle or by another's.
const hangsMillis = 1_000

/** Loads code by the Worker Loader, where the platform offers one. */
export class CodeRunner extends Context.Service<
  CodeRunner,
  {
    /** Whether bundles are started before anybody is charged. */
    readonly available: boolean
    /** Loads a bundle without network and environment, and tells whether it starts and can serve. */
    readonly check: (upload: Upload) => Effect.Effect<void, StartFailed | RunnerUnavailable>
  }
>()("mpp-compute/execute/CodeRunner") {
  /** By a service binding: the code runs in another process, whose freezing is not ours. */
  static layerService(runner: RunnerBinding) {
    const check = Effect.fn("CodeRunner.check")(function* ({ main, code, compatibilityFlags }: Upload) {
      const loadable = {
        mainModule: main,
        modules: { [main]: code },
        compatibilityDate: COMPATIBILITY_DATE,
        compatibilityFlags
      }
      let hung = false
      const attempt = Effect.tryPromise({
        try: () => runner.check(loadable),
        catch: (cause) => new RunnerUnavailable({ message: String(cause).slice(0, maxMessage) })
      }).pipe(
        // Noted while it lasts: when the time is up nobody asks this attempt any more.
        Effect.raceFirst(
          Effect.andThen(
            Effect.sleep(hangsMillis),
            Effect.andThen(
              Effect.sync(() => (hung = true)),
              Effect.never
            )
          )
        )
      )
      const started = yield* attempt.pipe(
        // It may just be coming back from somebody else's endless loop, which takes it some seconds.
        Effect.retry(Schedule.spaced("400 millis")),
        Effect.timeoutOrElse({
          duration: timeoutMillis,
          orElse: () =>
            Effect.gen(function* () {
              if (!hung) return yield* new RunnerUnavailable({ message: "no connection to it" })
              return yield* new StartFailed({ message: `it did not start in ${timeoutMillis} ms`, certain: false })
            })
        })
      )
      if (!started.ok) {
        return yield* new StartFailed({ message: started.message.slice(0, maxMessage), certain: true })
      }
    })
    return Layer.succeed(CodeRunner, CodeRunner.of({ available: true, check }))
  }

  /** Where there is no loader nothing is checked: the host is the first to start the code. */
  static readonly layerNone = Layer.succeed(CodeRunner, CodeRunner.of({ available: false, check: () => Effect.void }))

  /** A test says what happens. */
  static layerTest(check: (upload: Upload) => Effect.Effect<void, StartFailed | RunnerUnavailable>) {
    return Layer.succeed(CodeRunner, CodeRunner.of({ available: true, check }))
  }
}
