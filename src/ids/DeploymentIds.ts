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

/** An isolate caches the stored keys and ids for this long, in milliseconds, so that invented ids do not cause a read each. */
const KEEP_MILLIS = 60_000

/** The stored ids of earlier releases are valid for this long, in milliseconds. The sweep stores them again every hour. */
const NOTE_MILLIS = 2 * 3_600_000

const NO_EARLIER_IDS: EarlierIds = { at: 0, ids: [] }

/**
 * Makes deployment ids, and recognizes them before any order's object is called. Invented ids must not reach an object, because
 * each called object leaves an empty database on a laptop's disk (measured: workerd opens it before the constructor runs, and
 * neither `deleteAll()` nor `abort()` deletes the file).
 */
export class DeploymentIds extends Context.Service<
  DeploymentIds,
  {
    /** Makes a new id for a purchase of this order. */
    readonly make: (order: string) => Effect.Effect<string>
    /** Returns the name of the order of an id; `undefined` for an id that this gateway did not make. */
    readonly orderOf: (id: string) => Effect.Effect<string | undefined, Busy>
    /** Stores the ids of earlier releases that the host's projects have. */
    readonly note: (projects: ReadonlyArray<Project>) => Effect.Effect<void>
  }
>()("mpp-compute/ids/DeploymentIds") {}

/**
 * Recognizes an id by computing its check. An id with an invalid check may come from the time before a change of
 * `MPP_SECRET_KEY`, so the service tries the earlier keys of the `IdStore`. An id of an earlier release has no check; it is
 * valid if the host has had a project with it.
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
    /** Stores the key in the background, because an id is valid without it until the secret changes. */
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
      detail: "The service cannot check at the moment whether this deployment exists. Try again.",
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

    const known = Effect.map(store.earlier, (found) => Option.getOrElse(found, () => NO_EARLIER_IDS))

    /** Reads the stored ids, or the host's projects if they are too old. Writes only if the host has new ids. */
    const readEarlier = Effect.gen(function* () {
      const { at, ids } = yield* known
      const now = yield* Clock.currentTimeMillis
      if (now - at < NOTE_MILLIS) return new Set(ids)
      const all = mergeIds(ids, yield* host.list())
      if (all.size > ids.length) yield* store.putEarlier({ at: now, ids: [...all] })
      return all
    })

    const earlier = cached<ReadonlySet<string>, Busy>({
      load: Effect.catch(readEarlier, unavailable),
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
          yield* store.putEarlier({ at: yield* Clock.currentTimeMillis, ids: [...mergeIds(ids, projects)] })
        },
        Effect.catch(({ message }) => Effect.logWarning("ids of earlier releases were not noted", message))
      )
    })
  })
)

/** Adds the ids of projects to the known ids, which stay because an order outlives its project. */
const mergeIds = (known: ReadonlyArray<string>, projects: ReadonlyArray<Project>): ReadonlySet<string> =>
  new Set([
    ...known,
    ...projects.flatMap(({ name }) => Option.toArray(deploymentIdOf(name)).filter((id) => parseId(id)?.check === null))
  ])
