import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { isEnded, type Notice } from "../domain/Status.ts"
import { Attempts } from "./Attempts.ts"
import { pageOf, PAGE_SIZE, parseCursor } from "./page.ts"
import { type AttemptId, Payers } from "./Payers.ts"
import { makeProofsMemory } from "./proofs.ts"
import { Reservations } from "./Reservations.ts"
import type { SalesState } from "./SwitchesSql.ts"
import { failuresOrRefusal, refuseFull, refuseSwitched } from "./refusals.ts"

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
  const places = new Map<string, Reservations>()
  const placesOf = (payer: string) => {
    const made = places.get(payer) ?? new Reservations()
    places.set(payer, made)
    return made
  }
  let switches: SalesState = { paused: null, denied: [] }
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
    enter: Effect.fnUntraced(function* (attempt, { id, max }) {
      yield* checkLimits(attempt, "begin")
      const now = yield* Clock.currentTimeMillis
      const places = placesOf(attempt.payer)
      const live = older(attempt.payer, undefined).filter(({ status }) => !isEnded(status))
      if (live.length + places.all(now).length < max) return places.add(id, now)
      attemptsOf(attempt.payer).end(attempt.id, "forgotten")
      const ends = live.flatMap(({ status }) => status.expires_at ?? []).toSorted()
      yield* refuseFull({ endsAt: ends[0] ?? null }, max, now)
    }),
    keep: (attempt) => checkLimits(attempt, "keep"),
    end: ({ payer, id }, how) => Effect.sync(() => attemptsOf(payer).end(id, how)),
    requireSale: (payer) =>
      Effect.suspend(() => {
        const { paused, denied } = switches
        return refuseSwitched({ paused, denied: denied.find(({ address }) => address === payer) ?? null })
      }),
    release: ({ payer, id }) => Effect.sync(() => void placesOf(payer).delete(id)),
    deployments: (payer, cursor) => Effect.sync(() => pageOf(older(payer, cursor).slice(0, PAGE_SIZE + 1))),
    deny: (address, reason) =>
      Effect.map(Clock.currentTimeMillis, (at) => {
        const denied = { address: address.toLowerCase(), reason, at }
        switches = { ...switches, denied: [denied, ...switches.denied.filter((one) => one.address !== denied.address)] }
      }),
    allow: (address) =>
      Effect.sync(() => {
        switches = { ...switches, denied: switches.denied.filter((one) => one.address !== address.toLowerCase()) }
      }),
    pause: (reason) =>
      Effect.map(Clock.currentTimeMillis, (at) => {
        switches = { ...switches, paused: { reason, at } }
      }),
    resume: Effect.sync(() => {
      switches = { ...switches, paused: null }
    }),
    state: Effect.sync(() => switches),
    record: (notice) =>
      Effect.sync(() => {
        placesOf(notice.payer).delete(notice.id)
        if ((deployments.get(notice.id)?.seq ?? 0) < notice.seq) deployments.set(notice.id, notice)
      }),
    list: ({ payer, challengeId, cursor }) =>
      Effect.map(Clock.currentTimeMillis, (now) =>
        proofs.spend(challengeId, now) ? pageOf(older(payer, cursor).slice(0, PAGE_SIZE + 1)) : undefined
      )
  })
})
