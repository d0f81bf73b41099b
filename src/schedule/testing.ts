import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { CronSecret } from "./CronSecret.ts"
import { ReplayGuard } from "./ReplayGuard.ts"
import { SweepCursor } from "./SweepCursor.ts"

/** Provides this key, or none. */
export const layerCronSecretTest = (secret: string | undefined) => {
  return Layer.succeed(CronSecret, {
    read: Effect.succeed(Option.map(Option.fromUndefinedOr(secret), (key) => Redacted.make(key)))
  })
}

/** Keeps used names in memory, for tests. */
export const layerReplayGuardMemory = Layer.sync(ReplayGuard, () => {
  const used = new Set<string>()
  return { markUsed: (name) => Effect.sync(() => !used.has(name) && used.add(name) !== undefined) }
})

/** Keeps the sweep's place in memory, for tests. */
export const layerSweepCursorMemory = Layer.sync(SweepCursor, () => {
  let saved = ""
  return { read: Effect.sync(() => saved), save: (place) => Effect.sync(() => void (saved = place)) }
})
