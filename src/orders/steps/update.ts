import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { BundleFailed, Busy, InvalidRequest } from "../../domain/Errors.ts"
import { type Deployed, type Files, MAX_SECRETS, type UpdateOrder } from "../../domain/Order.ts"
import { attemptOf, countAttempt } from "./attempt.ts"
import { resolveUpdate, runUpdateDetached, awaitUpdate } from "../idempotency/resolve-update.ts"
import { register, runDetached } from "../idempotency/resolve-order.ts"
import { isOver } from "./expire.ts"
import { deployed, type UpdateError } from "../operations.ts"
import type { OrderServices } from "../OrderServices.ts"
import { buildAndStart } from "../build/build.ts"
import { changedSource } from "../proved/changed-source.ts"
import { Payers } from "../../payers/Payers.ts"
import { resumeFrom } from "./resume.ts"
import type { Kept } from "../purchase/Kept.ts"
import { expiryOf, type Purchase } from "../purchase/Purchase.ts"
import { type Build, type InFlightUpdate, PurchaseStore } from "../purchase/PurchaseStore.ts"
import { save } from "../purchase/save.ts"
import * as transition from "../purchase/transitions.ts"
import { openSecrets, orderOf, sealSecrets } from "../secrets/secrets.ts"
import { over, push } from "../delivery/push.ts"

/** The lease of an update in progress, in milliseconds. After a crash the alarm continues it once the lease is over. */
const LEASE_MS = 30_000

/** Builds and starts the source of an update. The order does not save a failure, because it is not the order's body. */
const buildUpdate = Effect.fnUntraced(function* ({ id, verified, env = {} }: UpdateOrder, source: Files) {
  const store = yield* PurchaseStore
  const secrets = yield* openSecrets(id, env).pipe(
    Effect.catchTag("SecretsUnreadable", ({ names }) => {
      const detail =
        `The service cannot read the stored values of ${names} any more, because its key has changed. Send them again ` +
        'in env: {"env": {"NAME": "…"}}. The deployment is as it was.'
      return new InvalidRequest({ detail })
    })
  )
  const count = Object.keys(secrets).length
  if (count > MAX_SECRETS) {
    return yield* new InvalidRequest({
      detail: `With these, the deployment would have ${count} secrets. The limit is ${MAX_SECRETS}. Send new values for earlier names instead.`
    })
  }
  const job = {
    files: source,
    purpose: "serve" as const,
    attempt: attemptOf(verified, "update"),
    env: secrets,
    // The packages stay at the versions of the deployment.
    lock: store.byId(id)?.lock
  }
  const upload = yield* buildAndStart(
    job,
    ({ detail, diagnostics }) => new BundleFailed({ detail: `${detail} Updates are free.`, diagnostics, charged: true })
  )
  return { upload, kept: { source, secrets: yield* sealSecrets(orderOf(id), env) } }
})

/** Saves the bundle and sends it, either as an update of a live site or in place of code that is not live yet. */
const replace = Effect.fn("OrderWorkflow.replace")(function* (
  id: string,
  { body, key }: InFlightUpdate,
  { upload, kept }: { readonly upload: Build; readonly kept: Kept }
) {
  const store = yield* PurchaseStore
  for (;;) {
    const now = yield* Clock.currentTimeMillis
    const purchase = store.byId(id)
    if (purchase === undefined || isOver(purchase, now)) return yield* over(id)
    const delivering = store.inFlight.get(purchase.key)
    if (delivering !== undefined) {
      // The alarm continues with the earlier code. This code is newer, whether that succeeds or not.
      yield* Effect.exit(Deferred.await(delivering.outcome))
      continue
    }
    if (purchase.state === "delivered") {
      const due = Math.min(now + LEASE_MS, expiryOf(purchase)!)
      yield* save(store, transition.updating(purchase, { body, key, attempts: 0 }, due), upload, kept)
      return yield* push(id)
    }
    const saved = save(store, transition.replacing(purchase, upload, now + LEASE_MS), upload, kept)
    const registered = register(store, purchase.key, purchase.challengeId)
    return yield* deployed(runDetached(registered, Effect.flatMap(saved, resumeFrom))).pipe(
      // The order reports these errors only before a payment, and this purchase is paid for.
      Effect.catchTag(["HostUnavailable", "Denied", "SalesPaused", "TooManyDeployments"], (error) => Effect.die(error))
    )
  }
})

/** Builds the files and replaces the code, as an attempt of the payer. */
const rebuild = Effect.fnUntraced(function* (order: UpdateOrder, updating: InFlightUpdate) {
  // A request that is refused here costs no build, and is no attempt.
  const source = yield* changedSource(order)
  const attempt = attemptOf(order.verified, "update")
  const begin = Effect.flatMap(Payers, (payers) => payers.begin(attempt))
  return yield* buildUpdate(order, source).pipe(
    Effect.catchTags({
      BundleFailed: (error) => new BundleFailed({ ...error, detail: `${error.detail} The deployment is as it was.` })
    }),
    Effect.flatMap((built) => replace(order.id, updating, built)),
    (work) => countAttempt(attempt, begin, work),
    Effect.catchTag("Busy", busy)
  )
})

/**
 * Takes newer code for a paid deployment. The code serves at its URL until its expiry if it is live, or replaces the code that
 * the host refused. The old code serves until the host has taken the new one, unless its project is gone. Joins the same update
 * in progress. Waits a bounded time.
 */
export const submitUpdate = Effect.fn("OrderWorkflow.update")(function* (
  order: UpdateOrder
): Effect.fn.Return<Deployed, UpdateError, PurchaseStore | OrderServices> {
  const store = yield* PurchaseStore
  const resolution = resolveUpdate(store, order, yield* Clock.currentTimeMillis)
  switch (resolution._tag) {
    case "New":
      return yield* runUpdateDetached(order.id, resolution.update, rebuild(order, resolution.update))
    case "Join":
      return yield* awaitUpdate(order.id, resolution.update)
    case "Refused":
      return yield* resolution.error
  }
})

/** Continues a saved update, unless it is in progress. */
export const resumeUpdate = Effect.fn("OrderWorkflow.resumeUpdate")(function* ({ id }: Pick<Purchase, "id">) {
  const store = yield* PurchaseStore
  const now = yield* Clock.currentTimeMillis
  const purchase = store.byId(id)
  const update = purchase?.update ?? null
  // Its payer may have deleted the deployment since it was found. One whose time is over stays only for a renewal that is being paid.
  if (purchase === undefined || update === null || store.inFlightUpdates.has(id) || isOver(purchase, now)) return
  if (update.again !== undefined && now < update.again) {
    yield* save(store, transition.wakeAt(purchase, transition.soonest(purchase, update.again)))
    return
  }
  const updating = { ...update, challengeId: null, outcome: Deferred.makeUnsafe<Deployed, UpdateError>() }
  store.inFlightUpdates.set(id, updating)
  yield* Effect.ignore(runUpdateDetached(id, updating, push(id)))
})

const busy = (error: Busy) =>
  new Busy({ ...error, charged: null, detail: "The service could not build the update at present. Send it again." })
