import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Notice } from "../domain/Status.ts"
import { Attempts } from "./Attempts.ts"
import { pageOf, PAGE_SIZE, parseCursor } from "./page.ts"
import { type AttemptId, Payers } from "./Payers.ts"
import { makeProofsMemory } from "./proofs.ts"
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
  const deployments = new Map<string, Notice>()
  const proofs = makeProofsMemory()
  /** The payer's deployments that are older than the cursor's, newest first. */
  const older = (payer: string, cursor: string | undefined) => {
    const after = parseCursor(cursor)
    return [...deployments.values()]
      .filter((one) => one.payer === payer)
      .filter(({ createdAt, id }) => createdAt < after.createdAt || (createdAt === after.createdAt && id < after.id))
      .toSorted((one, other) => other.createdAt - one.createdAt || (one.id < other.id ? 1 : -1))
  }
  return Payers.of({
    begin: (attempt) => Effect.asVoid(checkLimits(attempt, "begin")),
    keep: (attempt) => checkLimits(attempt, "keep"),
    end: ({ payer, id }, how) => Effect.sync(() => attemptsOf(payer).end(id, how)),
    record: (notice) =>
      Effect.sync(() => {
        if ((deployments.get(notice.id)?.seq ?? 0) < notice.seq) deployments.set(notice.id, notice)
      }),
    list: ({ payer, challengeId, cursor }) =>
      Effect.map(Clock.currentTimeMillis, (now) =>
        proofs.spend(challengeId, now) ? pageOf(older(payer, cursor).slice(0, PAGE_SIZE + 1)) : undefined
      )
  })
})
