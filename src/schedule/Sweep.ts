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

/** A sweep counts the gateway's projects that looked like orphans. */
export interface Swept {
  readonly removed: number
  /** Projects that a live order owns. */
  readonly claimed: number
  /** Projects that could not be deleted. The next sweep tries again. */
  readonly failed: number
}

/** How many deletes run at once. The control plane takes seconds for each, and a sweep has minutes. */
const CONCURRENCY = 4

/**
 * The backstop of expiry deletes the gateway's projects that no order owns any more. Every order deletes its own project by its
 * alarm. So an orphan exists only if an object's storage was lost, if a create failed half-way and the order gave it up, or if
 * the host completed a create long after the request.
 */
export class Sweep extends Context.Service<
  Sweep,
  {
    /** Deletes every orphan. Fails when the control plane cannot list its projects. */
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

    const sweepProject = Effect.fn("Sweep.project")(function* (deploymentId: string, { id }: Project) {
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
          onSome: (id) => (isSuspect(project, now) ? [sweepOrWarn(id, project)] : [])
        })
      )
      const outcomes = yield* Effect.all(suspects, { concurrency: CONCURRENCY })
      const count = (wanted: (typeof outcomes)[number]) => outcomes.filter((outcome) => outcome === wanted).length
      return { removed: count("removed"), claimed: count("claimed"), failed: count("failed") }
    }).pipe(Effect.withSpan("Sweep.run"))

    /** One failed project must not keep the sweep from the others. */
    const sweepOrWarn = (deploymentId: string, project: Project) =>
      sweepProject(deploymentId, project).pipe(
        Effect.catchCause((cause) =>
          Effect.as(Effect.logWarning("an orphan was not deleted", deploymentId, project.id, cause), "failed" as const)
        )
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
