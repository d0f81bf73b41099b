import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
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
 * So many ids of earlier releases are stored. They are in one value, and no release makes such ids any more. An account with more
 * of them would have had as many deployments live within its last day before the update.
 */
const MAX_EARLIER = 20_000

/** A client waits this long for the host's list, if no sweep has stored the ids. */
const LIST_TIMEOUT = "10 seconds"

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
    /** Stores the ids of earlier releases that the host's projects have, once all projects have passed. */
    readonly note: <E>(projects: Stream.Stream<Project, E>) => Stream.Stream<Project, E>
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
      const all = new Set(ids)
      yield* Stream.runDrain(addEarlier(host.list(), all)).pipe(
        Effect.timeoutOrElse({
          duration: LIST_TIMEOUT,
          orElse: () => Effect.fail({ message: `the host did not list its projects in ${LIST_TIMEOUT}` })
        })
      )
      if (all.size > ids.length) yield* store.putEarlier({ at: now, ids: [...all] })
      return all
    })

    const earlier = cached<ReadonlySet<string>, Busy>({
      load: Effect.catch(readEarlier, unavailable),
      keepMillis: KEEP_MILLIS,
      orElse: Effect.fail(busy)
    })

    /** Adds ids to the stored ones, which stay because an order outlives its project. */
    const storeEarlier = Effect.fn("DeploymentIds.note")(
      function* (found: ReadonlySet<string>) {
        const { ids } = yield* known
        const all = [...new Set([...ids, ...found])]
        if (all.length >= MAX_EARLIER)
          yield* Effect.logWarning("there are too many ids of earlier releases", all.length)
        yield* store.putEarlier({ at: yield* Clock.currentTimeMillis, ids: all.slice(0, MAX_EARLIER) })
      },
      Effect.catch(({ message }) => Effect.logWarning("ids of earlier releases were not noted", message))
    )

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
      note: <E>(projects: Stream.Stream<Project, E>) =>
        Stream.suspend(() => {
          const found = new Set<string>()
          return addEarlier(projects, found).pipe(Stream.onEnd(storeEarlier(found)))
        })
    })
  })
)

/** Adds the ids of earlier releases among these projects to a set while they pass, until there are too many. */
const addEarlier = <E>(projects: Stream.Stream<Project, E>, found: Set<string>): Stream.Stream<Project, E> =>
  Stream.mapArray(projects, (some) => {
    for (const { name } of some) {
      const id = Option.getOrUndefined(deploymentIdOf(name))
      if (id !== undefined && found.size < MAX_EARLIER && parseId(id)?.check === null) found.add(id)
    }
    return some
  })
