import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Attempts } from "./Attempts.ts"
import { type AttemptId, Payers } from "./Payers.ts"
import { failuresOrRefusal } from "./too-many-attempts.ts"

/** Keeps the payers in memory, for tests. */
export const layerPayersMemory = Layer.sync(Payers, () => {
  const payers = new Map<string, Attempts>()
  const attemptsOf = (payer: string) => {
    const attempts = payers.get(payer) ?? new Attempts()
    payers.set(payer, attempts)
    return attempts
  }
  const checkLimits = ({ payer, id, budget }: AttemptId, step: "begin" | "keep") =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      failuresOrRefusal(attemptsOf(payer)[step](id, budget, now), budget)
    )
  return Payers.of({
    begin: (attempt) => Effect.asVoid(checkLimits(attempt, "begin")),
    keep: (attempt) => checkLimits(attempt, "keep"),
    end: ({ payer, id }, how) => Effect.sync(() => attemptsOf(payer).end(id, how))
  })
})
