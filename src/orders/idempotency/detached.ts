import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** A caller waits this long for its order or its update. Then the order answers 409, and the work continues. */
const CALLER_TIMEOUT = "60 seconds"

/** Work in progress whose result several callers may await. */
interface InFlight<A, E> {
  readonly outcome: Deferred.Deferred<A, E>
}

/**
 * Does the work in a fiber of its own, so that it continues when its caller goes away. All callers await its result.
 *
 * @param onDefect the error that replaces a defect of the work.
 * @param onEnd runs when the work ends, before any caller gets the result.
 */
export const startDetached = <A, E, R>(
  { outcome }: InFlight<A, E>,
  work: Effect.Effect<A, E, R>,
  onDefect: (defect: unknown) => Effect.Effect<never, E>,
  onEnd: () => void
): Effect.Effect<void, never, R> =>
  work.pipe(
    Effect.catchDefect(onDefect),
    Effect.onExit(() => Effect.sync(onEnd)),
    Deferred.into(outcome),
    Effect.forkDetach,
    Effect.asVoid
  )

/** Waits for work in progress, until the caller's timeout. */
export const awaitInFlight = <A, E, E2, R2>(
  { outcome }: InFlight<A, E>,
  onTimeout: () => Effect.Effect<never, E2, R2>
) => Deferred.await(outcome).pipe(Effect.timeoutOrElse({ duration: CALLER_TIMEOUT, orElse: onTimeout }))
