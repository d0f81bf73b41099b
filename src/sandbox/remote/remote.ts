import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { RunnerUnavailable } from "../errors.ts"
import type { Loadable } from "../worker/loader.ts"
import type { Broken, Ran } from "../worker/run.ts"
import type { RunnerBinding } from "./binding.ts"
import type { Purpose, Verdict } from "../worker/start.ts"
import { makeTurns } from "./turns.ts"

/** How long a call and the waiting around it may take, in milliseconds. */
interface Patience {
  /** For the answer of a runner that runs. */
  readonly answer: number
  /** For a turn, and for a runner that is coming back. */
  readonly turn: number
}

// Bundling and this have to fit into the 25 seconds that a signed payment is valid.
const beforePayment: Patience = { answer: 5_000, turn: 8_000 }
// The run's own limits are 10 s for its start and 10 s for the call.
const afterPayment: Patience = { answer: 21_000, turn: 15_000 }

/** The runner went down with a call, so many milliseconds after it began. */
export interface Down {
  readonly down: number
  /** Whether it was this call's doing: it was alone, in a runner where nobody has been before it. */
  readonly certain: boolean
}

/**
 * A runner in another process. An endless loop, or too much memory, takes that process down, with everybody whose code was
 * in it; it comes back by itself. Whoever was there calls again, alone this time: who takes it down alone is the culprit,
 * and everybody else has lost some seconds. What a call leaves behind (`waitUntil`) goes on after it: where somebody has been
 * before, even one alone may be innocent, and calls once more in the new runner.
 */
export const makeRemote = (runner: RunnerBinding) => {
  const inTurn = makeTurns()
  // The runner's callers since it came up: nobody, one, or several.
  let guests: symbol | "several" | undefined

  const call = Effect.fnUntraced(function* <A>(me: symbol, work: () => Promise<A>, millis: number) {
    const since = yield* Clock.currentTimeMillis
    guests = guests === undefined || guests === me ? me : "several"
    return yield* Effect.tryPromise(work).pipe(
      Effect.timeout(millis),
      Effect.catch((error) =>
        Effect.gen(function* () {
          yield* Effect.logWarning("the runner went down with a call", String(error))
          const certain = guests === me
          // One that only says nothing may still be there, with all that is in it.
          if (error._tag !== "TimeoutError") guests = undefined
          return { down: (yield* Clock.currentTimeMillis) - since, certain } satisfies Down
        })
      )
    )
  })

  const back = (patience: Patience) =>
    Effect.tryPromise(() => runner.ping()).pipe(
      Effect.timeout(1_000),
      Effect.mapError(() => new RunnerUnavailable({ message: "no connection to it" })),
      Effect.retry(Schedule.spaced("250 millis")),
      Effect.timeoutOrElse({
        duration: patience.turn,
        orElse: () => new RunnerUnavailable({ message: "no connection to it" })
      })
    )

  const occupied = new RunnerUnavailable({ message: "others keep it busy" })

  const judged = <A extends object>(work: () => Promise<A>, patience: Patience) => {
    const options = (alone: boolean) => ({ alone, patience: patience.turn })
    const attempt = call(Symbol("guest"), work, patience.answer)
    const again = Effect.andThen(back(patience), attempt)
    const proof = Effect.flatMap(again, (ran) => ("down" in ran && !ran.certain ? again : Effect.succeed(ran)))
    return inTurn(options(false), attempt, occupied).pipe(
      Effect.flatMap((first) => ("down" in first ? inTurn(options(true), proof, occupied) : Effect.succeed(first)))
    )
  }

  return {
    check: (code: Loadable, purpose: Purpose): Effect.Effect<Verdict | Broken | Down, RunnerUnavailable> =>
      judged(() => runner.check(code, purpose), beforePayment),
    run: (code: Loadable, input: string | null): Effect.Effect<Ran | Broken | Down, RunnerUnavailable> =>
      judged(() => runner.run(code, input), afterPayment)
  }
}
