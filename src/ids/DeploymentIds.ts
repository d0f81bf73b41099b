import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { requireSettings, Settings } from "../config.ts"
import { ControlPlaneClient, type Project } from "../control-plane/ControlPlaneClient.ts"
import { deploymentIdOf } from "../control-plane/slug.ts"
import { deploymentId, idKey, isCheckedBy, parseId } from "../domain/DeploymentId.ts"
import { Busy } from "../domain/Errors.ts"
import { cached } from "./cached.ts"
import { type EarlierIds, IdStore } from "./IdStore.ts"

/** How long an isolate keeps what it has read, in milliseconds: invented ids shall not make us read for each. */
const KEEP_MILLIS = 60_000

/** How long a note of the ids of earlier releases is good, in milliseconds: the sweep makes one every hour. */
const NOTE_MILLIS = 2 * 3_600_000

const nothingKnown: EarlierIds = { at: 0, ids: [] }

/**
 * Makes deployment ids, and tells those that were made here from inventions before any order's object is asked: an object
 * that is asked at all leaves an empty database on a laptop's disk (measured: workerd opens it before the constructor runs,
 * and neither `deleteAll()` nor `abort()` takes the file away).
 */
export class DeploymentIds extends Context.Service<
  DeploymentIds,
  {
    /** A fresh id for a purchase of this order. */
    readonly make: (order: string) => Effect.Effect<string>
    /** The name of the order that an id belongs to; `undefined` for one that was not made here. */
    readonly orderOf: (id: string) => Effect.Effect<string | undefined, Busy>
    /** Notes which ids of earlier releases the host's projects have. */
    readonly note: (projects: ReadonlyArray<Project>) => Effect.Effect<void>
  }
>()("mpp-compute/ids/DeploymentIds") {}

/**
 * The check of an id is verified by computing. Where it does not hold, the id may have been made before `MPP_SECRET_KEY`
 * was changed: the keys before are in the `IdStore`. An id of an earlier release, without a check, is taken if the host
 * has had a project with it.
 */
export const layerDeploymentIds = Layer.effect(
  DeploymentIds,
  Effect.gen(function* () {
    const settings = yield* Settings
    const host = yield* ControlPlaneClient
    const store = yield* IdStore

    let derived: string | undefined
    const key = Effect.map(
      requireSettings(settings, "MPP_SECRET_KEY"),
      ({ MPP_SECRET_KEY }) => (derived ??= idKey(Redacted.value(MPP_SECRET_KEY)))
    )

    let added = false
    /** Beside everything else: an id is good without it, until the secret is changed. */
    const addKey = (key: string) => {
      if (added) return Effect.void
      added = true
      return store.addKey(key).pipe(
        Effect.catch(({ message }) => {
          added = false
          return Effect.logWarning("the key of deployment ids was not stored", message)
        }),
        Effect.forkDetach
      )
    }

    const busy = new Busy({
      detail: "It cannot be said at the moment whether there is such a deployment. Try again.",
      charged: null,
      retry_after: 5
    })
    const unavailable = ({ message }: { readonly message: string }) =>
      Effect.andThen(Effect.logWarning("an id could not be looked up", message), Effect.fail(busy))

    const keys = cached({
      load: Effect.catch(store.keys, unavailable),
      keepMillis: KEEP_MILLIS,
      orElse: Effect.fail(busy)
    })

    const known = Effect.map(store.earlier, (found) => Option.getOrElse(found, () => nothingKnown))

    /** Without a note that is fresh enough the host is asked. A question that finds nothing new writes nothing. */
    const look = Effect.gen(function* () {
      const { at, ids } = yield* known
      const now = yield* Clock.currentTimeMillis
      if (now - at < NOTE_MILLIS) return new Set(ids)
      const all = merged(ids, yield* host.list())
      if (all.size > ids.length) yield* store.putEarlier({ at: now, ids: [...all] })
      return all
    })

    const earlier = cached<ReadonlySet<string>, Busy>({
      load: Effect.catch(look, unavailable),
      keepMillis: KEEP_MILLIS,
      orElse: Effect.fail(busy)
    })

    return DeploymentIds.of({
      make: Effect.fnUntraced(function* (order) {
        const current = yield* key
        yield* addKey(current)
        return deploymentId(order, current)
      }),
      orderOf: Effect.fn("DeploymentIds.orderOf")(function* (id: string) {
        const parsed = parseId(id)
        if (parsed === undefined) return undefined
        if (parsed.check === null) return (yield* earlier).has(id) ? parsed.order : undefined
        if (settings.MPP_SECRET_KEY !== undefined && isCheckedBy(yield* key, parsed)) return parsed.order
        return (yield* keys).some((other) => isCheckedBy(other, parsed)) ? parsed.order : undefined
      }),
      note: Effect.fn("DeploymentIds.note")(
        function* (projects: ReadonlyArray<Project>) {
          const { ids } = yield* known
          yield* store.putEarlier({ at: yield* Clock.currentTimeMillis, ids: [...merged(ids, projects)] })
        },
        Effect.catch(({ message }) => Effect.logWarning("ids of earlier releases were not noted", message))
      )
    })
  })
)

/** An order still remembers what has left the host. */
const merged = (known: ReadonlyArray<string>, projects: ReadonlyArray<Project>): ReadonlySet<string> =>
  new Set([
    ...known,
    ...projects.flatMap(({ name }) => Option.toArray(deploymentIdOf(name)).filter((id) => parseId(id)?.check === null))
  ])
