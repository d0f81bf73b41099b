import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { ControlPlaneClient, type ControlPlaneError, type Project } from "../control-plane/ControlPlaneClient.ts"
import { deploymentIdOf } from "../control-plane/slug.ts"
import { Orders } from "../orders/Orders.ts"
import { DeploymentIds } from "../ids/DeploymentIds.ts"
import { ExpiryStore } from "../expiry/ExpiryStore.ts"

/** A sweep's counts of projects of ours that looked like orphans. */
export interface Swept {
  readonly removed: number
  /** Their orders live and claim them. */
  readonly claimed: number
  /** Could not be deleted; the next sweep tries again. */
  readonly failed: number
}

/** Deletes at once: the control plane takes seconds for each, and a sweep has minutes. */
const concurrency = 4

/**
 * The backstop of expiry: projects of ours that nobody owns any more. Every order deletes its own project by its alarm, so
 * there is something to find only when an object's storage was lost, a create failed half-way and was given up, or the host
 * carried one out long after it was asked.
 */
export class Sweep extends Context.Service<
  Sweep,
  {
    /** Deletes every orphan. Fails when the control plane cannot list its projects. */
    readonly run: Effect.Effect<Swept, ControlPlaneError>
  }
>()("mpp-compute/schedule/Sweep") {}

/** Asks each order, in its object, about the projects that carry its ids. */
export const layerSweep = Layer.effect(
  Sweep,
  Effect.gen(function* () {
    const host = yield* ControlPlaneClient
    const orders = yield* Orders
    const ids = yield* DeploymentIds
    const index = yield* ExpiryStore

    const sweep = Effect.fn("Sweep.project")(function* (deploymentId: string, { id }: Project) {
      if (yield* orders.claims(deploymentId, id)) return "claimed" as const
      yield* host.remove(id)
      yield* Effect.ignore(index.remove(id))
      yield* Effect.logInfo("an orphan was deleted", deploymentId, id)
      return "removed" as const
    })

    const run = Effect.gen(function* () {
      const projects = yield* host.list()
      yield* ids.note(projects)
      const now = yield* Clock.currentTimeMillis
      const suspects = projects.flatMap((project) =>
        Option.match(deploymentIdOf(project.name), {
          onNone: () => [],
          onSome: (id) => (isSuspect(project, now) ? [sweepOne(id, project)] : [])
        })
      )
      const outcomes = yield* Effect.all(suspects, { concurrency })
      const count = (what: (typeof outcomes)[number]) => outcomes.filter((outcome) => outcome === what).length
      return { removed: count("removed"), claimed: count("claimed"), failed: count("failed") }
    }).pipe(Effect.withSpan("Sweep.run"))

    /** One that cannot be asked about, or cannot be deleted, must not keep the others. */
    const sweepOne = (deploymentId: string, project: Project) =>
      sweep(deploymentId, project).pipe(
        Effect.catchCause((cause) =>
          Effect.as(Effect.logWarning("an orphan was not deleted", deploymentId, project.id, cause), "failed" as const)
        )
      )

    return Sweep.of({ run })
  })
)

/** How long after its create a project of ours has its tag at the latest, in milliseconds. */
const untaggedMillis = 3_600_000

/**
 * Whether a project of ours needs somebody to claim it: its time is over by its tag, or its create failed half-way, or was
 * answered to nobody and so never got a tag.
 */
const isSuspect = ({ status, tags, createdAt }: Project, now: number): boolean => {
  const expiry = tags
    .flatMap((tag) => /^expires:(\d{1,15})$/.exec(tag)?.[1] ?? [])
    .map((seconds) => Number(seconds) * 1000)
  return status === "error" || (expiry.length > 0 ? Math.min(...expiry) <= now : now - createdAt >= untaggedMillis)
}
