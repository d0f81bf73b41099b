import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { ControlPlaneClient } from "../../control-plane/ControlPlaneClient.ts"
import { BundleFailed, Busy, type TooManyAttempts } from "../../domain/Errors.ts"
import type { OrderResult, Deployed, Files, UpdateOrder } from "../../domain/Order.ts"
import type { ExpiryStore } from "../../expiry/ExpiryStore.ts"
import type { AttemptId } from "../../payers/Payers.ts"
import { attemptOf, type makeAttempt } from "./attempt.ts"
import { resolveUpdate, runUpdateDetached, awaitUpdate } from "../idempotency/resolve-update.ts"
import { register, runDetached } from "../idempotency/resolve-order.ts"
import { isOver } from "./expire.ts"
import { deployed, type OrderError, type UpdateError } from "../rpc.ts"
import type { Place } from "../delivery/place.ts"
import { expiryOf, type Purchase } from "../purchase/Purchase.ts"
import { type Build, type InFlightUpdate, PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"
import { makePush, over } from "../delivery/push.ts"

/** The lease of an update in progress, in milliseconds. After a crash the alarm continues it once the lease is over. */
const LEASE_MS = 30_000

/** An update needs these steps of a deploy. `build` saves no failure, because the files are not the order's body. */
interface Steps {
  readonly build: (
    files: Files,
    attempt: AttemptId,
    lock: Build["lock"]
  ) => Effect.Effect<Build, BundleFailed | Busy | TooManyAttempts>
  readonly attempt: ReturnType<typeof makeAttempt>
  readonly resumeFrom: (purchase: Purchase) => Effect.Effect<OrderResult, OrderError, PurchaseStore>
}

/**
 * Newer code for a deployment that is paid for: at its URL until its hour when it is live, and the code that goes live when
 * the host refused the one before. The old code serves until the host has taken the new one, unless its project is gone.
 */
export const makeUpdate = (
  host: ControlPlaneClient["Service"],
  place: Place,
  expiry: ExpiryStore["Service"],
  { attempt, build, resumeFrom }: Steps
) => {
  const push = makePush(host, place, expiry)

  /** Saves the bundle and sends it: as an update of a live site, or in place of the code that is not live yet. */
  const replace = Effect.fn("OrderWorkflow.replace")(function* (
    id: string,
    { body, key }: InFlightUpdate,
    upload: Build
  ) {
    const store = yield* PurchaseStore
    for (;;) {
      const now = yield* Clock.currentTimeMillis
      const purchase = store.byId(id)
      if (purchase === undefined || isOver(purchase, now)) return yield* over(id)
      const delivering = store.inFlight.get(purchase.key)
      if (delivering !== undefined) {
        // The alarm continues with the code before. This code is newer, whether that succeeds or not.
        yield* Effect.exit(Deferred.await(delivering.outcome))
        continue
      }
      if (purchase.state === "delivered") {
        const due = Math.min(now + LEASE_MS, expiryOf(purchase)!)
        yield* save(store, transition.updating(purchase, { body, key, attempts: 0 }, due), upload)
        return yield* push(id)
      }
      const saved = save(store, transition.replacing(purchase, upload, now + LEASE_MS), upload)
      const registered = register(store, purchase.key, purchase.challengeId)
      return yield* deployed(runDetached(registered, Effect.flatMap(saved, resumeFrom))).pipe(
        // The order reports this before a payment only, and this purchase is paid for.
        Effect.catchTag("HostUnavailable", (error) => Effect.die(error))
      )
    }
  })

  const rebuild = ({ id, files, verified }: UpdateOrder, updating: InFlightUpdate) => {
    const mine = attemptOf(verified, "update")
    return Effect.flatMap(PurchaseStore, (store) =>
      // The packages stay at the versions of the deployment.
      build(files, mine, store.byId(id)?.lock)
    ).pipe(
      Effect.catchTags({
        BundleFailed: (error) => new BundleFailed({ ...error, detail: `${error.detail} The deployment is as it was.` })
      }),
      Effect.flatMap((upload) => replace(id, updating, upload)),
      (work) => attempt(mine, work),
      Effect.catchTag("Busy", busy)
    )
  }

  return {
    /** Does an update, or joins the same one in progress. Waits a bounded time. */
    submit: Effect.fn("OrderWorkflow.update")(function* (
      revision: UpdateOrder
    ): Effect.fn.Return<Deployed, UpdateError, PurchaseStore> {
      const store = yield* PurchaseStore
      const resolution = resolveUpdate(store, revision, yield* Clock.currentTimeMillis)
      switch (resolution._tag) {
        case "New":
          return yield* runUpdateDetached(revision.id, resolution.update, rebuild(revision, resolution.update))
        case "Join":
          return yield* awaitUpdate(revision.id, resolution.update)
        case "Refused":
          return yield* resolution.error
      }
    }),

    /** Continues a saved update, unless it is in progress. */
    resume: Effect.fn("OrderWorkflow.resumeUpdate")(function* (purchase: Purchase) {
      const { id, update } = purchase
      const store = yield* PurchaseStore
      if (update === null || store.inFlightUpdates.has(id)) return
      const now = yield* Clock.currentTimeMillis
      if (update.again !== undefined && now < update.again) {
        yield* save(store, transition.wakeAt(purchase, Math.min(update.again, expiryOf(purchase)!)))
        return
      }
      const updating = { ...update, challengeId: null, outcome: Deferred.makeUnsafe<Deployed, UpdateError>() }
      store.inFlightUpdates.set(id, updating)
      yield* Effect.ignore(runUpdateDetached(id, updating, push(id)))
    })
  }
}

const busy = (error: Busy) =>
  new Busy({ ...error, charged: null, detail: "The service could not build the update at present. Send it again." })
