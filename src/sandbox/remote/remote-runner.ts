import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { RunnerUnavailable } from "../errors.ts"
import type { WorkerCode } from "../worker/loader.ts"
import type { RunResult, RuntimeFailure } from "../worker/run.ts"
import type { RunnerBinding } from "./binding.ts"
import type { Purpose, StartResult } from "../worker/start.ts"
import { makeSharedLock } from "./shared-lock.ts"

/** The time limits of a call and of the waiting around it, in milliseconds. */
interface Timeouts {
  /** The time for the answer of a runner that is up. */
  readonly answerMs: number
  /** The time for the lock, and for a runner that restarts. */
  readonly waitMs: number
}

// Bundling and this together must fit into the 25 seconds for which a signed payment is valid.
const BEFORE_PAYMENT: Timeouts = { answerMs: 5_000, waitMs: 8_000 }
// The run's own limits are 10 s for its start and 10 s for the call.
const AFTER_PAYMENT: Timeouts = { answerMs: 21_000, waitMs: 15_000 }

/** The runner crashed during a call, this many milliseconds after the call began. */
export interface RunnerCrash {
  readonly crashedAfterMs: number
  /** Whether this call caused the crash: it was the only caller since the runner started. */
  readonly certain: boolean
}

/**
 * Calls a runner in another process. An endless loop, or too much memory, crashes that process together with all code in it,
 * and it restarts by itself. Every caller of the crashed process calls again, this time alone. A caller that crashes the runner
 * alone has caused the crash, and all others lose only some seconds. Work that a call leaves behind (`waitUntil`) continues
 * after it. So in a runner that had another caller before, even a lone caller may be innocent, and calls once more in the
 * restarted runner.
 */
export const makeRemoteRunner = (runner: RunnerBinding) => {
  const withLock = makeSharedLock()
  // The callers since the runner started: none, one, or several.
  let occupants: symbol | "several" | undefined

  const call = Effect.fnUntraced(function* <A>(caller: symbol, work: () => Promise<A>, millis: number) {
    const since = yield* Clock.currentTimeMillis
    occupants = occupants === undefined || occupants === caller ? caller : "several"
    return yield* Effect.tryPromise(work).pipe(
      Effect.timeout(millis),
      Effect.catch((error) =>
        Effect.gen(function* () {
          yield* Effect.logWarning("the runner crashed during a call", String(error))
          const certain = occupants === caller
          // A runner that does not answer may still be up, with all its occupants.
          if (error._tag !== "TimeoutError") occupants = undefined
          const crashedAfterMs = (yield* Clock.currentTimeMillis) - since
          return { crashedAfterMs, certain } satisfies RunnerCrash
        })
      )
    )
  })

  const disconnected = new RunnerUnavailable({ message: "no connection to the runner" })
  const busy = new RunnerUnavailable({ message: "the runner is busy with other calls" })

  const awaitRunner = (timeouts: Timeouts) =>
    Effect.tryPromise(() => runner.ping()).pipe(
      Effect.timeout(1_000),
      Effect.mapError(() => disconnected),
      Effect.retry(Schedule.spaced("250 millis")),
      Effect.timeoutOrElse({ duration: timeouts.waitMs, orElse: () => disconnected })
    )

  /** Calls the runner beside others. After a crash it calls again, alone. */
  const callOrRerunAlone = <A extends object>(work: () => Promise<A>, timeouts: Timeouts) => {
    const lock = (exclusive: boolean) => ({ exclusive, timeoutMs: timeouts.waitMs })
    const attempt = call(Symbol("caller"), work, timeouts.answerMs)
    const restarted = Effect.andThen(awaitRunner(timeouts), attempt)
    const rerunAlone = Effect.flatMap(restarted, (result) =>
      "crashedAfterMs" in result && !result.certain ? restarted : Effect.succeed(result)
    )
    return withLock(lock(false), attempt, busy).pipe(
      Effect.flatMap((first) =>
        "crashedAfterMs" in first ? withLock(lock(true), rerunAlone, busy) : Effect.succeed(first)
      )
    )
  }

  return {
    check: (
      code: WorkerCode,
      purpose: Purpose
    ): Effect.Effect<StartResult | RuntimeFailure | RunnerCrash, RunnerUnavailable> =>
      callOrRerunAlone(() => runner.check(code, purpose), BEFORE_PAYMENT),
    run: (
      code: WorkerCode,
      input: string | null
    ): Effect.Effect<RunResult | RuntimeFailure | RunnerCrash, RunnerUnavailable> =>
      callOrRerunAlone(() => runner.run(code, input), AFTER_PAYMENT)
  }
}
