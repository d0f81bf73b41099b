import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { ControlPlaneClient, type ControlPlaneError, type Project } from "../control-plane/ControlPlaneClient.ts"
import { deploymentIdOf } from "../control-plane/slug.ts"
import { Orders } from "../orders/Orders.ts"
import { DeploymentIds } from "../ids/DeploymentIds.ts"
import { ExpiryStore } from "../expiry/ExpiryStore.ts"
import { type Suspect, Suspects } from "./Suspects.ts"
import { SweepCursor } from "./SweepCursor.ts"

/** A sweep counts the gateway's projects that looked like orphans, as far as it came. The next one goes on there. */
export interface Swept {
  readonly removed: number
  /** Projects that a live order owns. */
  readonly claimed: number
  /** Projects that could not be deleted. A later sweep tries again. */
  readonly failed: number
}

/** How many deletes run at once. The control plane takes seconds for each, and a sweep has minutes. */
const CONCURRENCY = 4

/** One run deals with so many: each takes at most 5 requests of the 1,000 that the platform allows to one run. */
const MAX_PER_RUN = 150

/** The run saves its place after so many, because it may be killed. */
const SAVE_EVERY = 20

/**
 * One run begins nothing after this time behind its list, in milliseconds. With the list, a minute at most, and the last deletes a run
 * takes less than three minutes. The platform gives it 15, and Jack takes it for stuck after 5.
 */
const RUN_MS = 60_000

/** One project may take this long, its order's answer included. */
const PROJECT_TIMEOUT = "20 seconds"

/**
 * The backstop of expiry deletes the gateway's projects that no order owns any more. Every order deletes its own project by its
 * alarm. So an orphan exists only if an object's storage was lost, if a create failed half-way and the order gave it up, or if
 * the host completed a create long after the request.
 */
export class Sweep extends Context.Service<
  Sweep,
  {
    /** Deletes orphans, as many as one run may. Fails, and deletes nothing, when the control plane cannot list its projects. */
    readonly run: Effect.Effect<Swept, ControlPlaneError>
  }
>()("mpp-compute/schedule/Sweep") {}

/** Asks each order, in its object, whether it owns the projects with its ids. */
export const layerSweep = Layer.effect(
  Sweep,
  Effect.gen(function* () {
    const host = yield* ControlPlaneClient
    const orders = yield* Orders
    const ids = yield* DeploymentIds
    const index = yield* ExpiryStore
    const cursor = yield* SweepCursor

    const sweepProject = Effect.fn("Sweep.project")(function* ({ deploymentId, projectId }: Suspect) {
      if (yield* orders.claims(deploymentId, projectId)) return "claimed" as const
      yield* host.remove(projectId)
      yield* Effect.ignore(index.remove(projectId))
      yield* Effect.logInfo("an orphan was deleted", deploymentId, projectId)
      return "removed" as const
    })

    /** Reads the whole list, and chooses the suspects of this run. */
    const findSuspects = Effect.gen(function* () {
      const suspects = new Suspects(yield* cursor.read, MAX_PER_RUN)
      const now = yield* Clock.currentTimeMillis
      yield* Stream.runForEachArray(ids.note(host.list()), (projects) =>
        Effect.sync(() => {
          for (const project of projects) {
            const id = Option.getOrUndefined(deploymentIdOf(project.name))
            if (id !== undefined && isSuspect(project, now)) suspects.add(id, project.id)
          }
        })
      )
      return suspects
    }).pipe(Effect.withSpan("Sweep.list"))

    const run = Effect.gen(function* () {
      const { chosen, count } = yield* findSuspects
      const end = (yield* Clock.currentTimeMillis) + RUN_MS
      const outcomes: Array<"removed" | "claimed" | "failed"> = []
      const sweepInTime = (suspect: Suspect) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => (now < end ? sweepOrWarn(suspect) : Effect.undefined))
      for (const some of Arr.chunksOf(chosen, SAVE_EVERY)) {
        const results = yield* Effect.forEach(some, sweepInTime, { concurrency: CONCURRENCY })
        outcomes.push(...results.filter((result) => result !== undefined))
        const last = chosen[outcomes.length - 1]
        if (count > SAVE_EVERY && last !== undefined) yield* cursor.save(last.place)
        if (results.includes(undefined)) break
      }
      const left = count - outcomes.length
      if (left > 0) yield* Effect.logInfo("the sweep leaves projects to the next one", left)
      const of = (wanted: (typeof outcomes)[number]) => outcomes.filter((outcome) => outcome === wanted).length
      return { removed: of("removed"), claimed: of("claimed"), failed: of("failed") }
    }).pipe(Effect.withSpan("Sweep.run"))

    /** One failed project must not keep the sweep from the others. */
    const sweepOrWarn = (suspect: Suspect) =>
      sweepProject(suspect).pipe(
        Effect.timeout(PROJECT_TIMEOUT),
        Effect.catchCause((cause) => {
          const { deploymentId, projectId } = suspect
          return Effect.as(
            Effect.logWarning("an orphan was not deleted", deploymentId, projectId, cause),
            "failed" as const
          )
        })
      )

    return Sweep.of({ run })
  })
)

/** The longest time between the create of a project and its tag, in milliseconds. */
const MAX_UNTAGGED_MS = 3_600_000

/**
 * Whether a project may be an orphan. It has expired by its tag, its create failed half-way, or the answer to its create was
 * lost, so that it never got a tag.
 */
const isSuspect = ({ status, tags, createdAt }: Project, now: number): boolean => {
  const expiry = tags
    .flatMap((tag) => /^expires:(\d{1,15})$/.exec(tag)?.[1] ?? [])
    .map((seconds) => Number(seconds) * 1000)
  return status === "error" || (expiry.length > 0 ? Math.min(...expiry) <= now : now - createdAt >= MAX_UNTAGGED_MS)
}
