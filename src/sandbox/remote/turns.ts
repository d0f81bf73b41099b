import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** How often a turn is looked for, in milliseconds. */
const lookEvery = 50

/** The longest that a call can take, in milliseconds, and then some: beside others, and alone, where it may call twice. */
const longestMillis = { beside: 40_000, alone: 80_000 } as const

/**
 * Callers take turns at the runner: many side by side, or one alone. A call that takes the runner down with others says
 * nothing about any of them; alone, it does. Each looks for its turn on its own timer, because the platform forbids
 * waiting for a promise of another request.
 */
export const makeTurns = () => {
  // When each call began. One whose request was cut off runs no finalizers: its entry runs out instead.
  const calls = new Map<symbol, number>()
  let alone: { readonly call: symbol; readonly since: number } | undefined

  const tidy = (now: number) => {
    for (const [call, since] of calls) if (now - since > longestMillis.beside) calls.delete(call)
    if (alone !== undefined && now - alone.since > longestMillis.alone) alone = undefined
  }

  /** Succeeds with whether the turn came within `patience` milliseconds. */
  const look = (patience: number, taken: (now: number) => boolean) =>
    Effect.gen(function* () {
      const until = (yield* Clock.currentTimeMillis) + patience
      for (;;) {
        const now = yield* Clock.currentTimeMillis
        tidy(now)
        if (taken(now)) return true
        if (now >= until) return false
        yield* Effect.sleep(lookEvery)
      }
    })

  const turn = (call: symbol, exclusive: boolean, patience: number) =>
    look(patience, (now) => {
      if (alone !== undefined && alone.call !== call) return false
      if (!exclusive) {
        calls.set(call, now)
        return true
      }
      // Taken before the others are gone: nobody new comes in meanwhile.
      alone ??= { call, since: now }
      if (calls.size > 0) return false
      // The turn runs out, not the waiting for it.
      alone = { call, since: now }
      return true
    })

  /** `work` when its turn comes, `late` when that takes longer than `patience` milliseconds. */
  return <A, E, R, E2>(
    options: { readonly alone: boolean; readonly patience: number },
    work: Effect.Effect<A, E, R>,
    late: Effect.Effect<never, E2>
  ): Effect.Effect<A, E | E2, R> =>
    Effect.suspend(() => {
      const call = Symbol("call")
      return turn(call, options.alone, options.patience).pipe(
        Effect.flatMap((came): Effect.Effect<A, E | E2, R> => (came ? work : late)),
        Effect.ensuring(
          Effect.sync(() => {
            calls.delete(call)
            if (alone?.call === call) alone = undefined
          })
        )
      )
    })
}
