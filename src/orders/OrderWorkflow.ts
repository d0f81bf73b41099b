import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Bundler } from "../bundler/Bundler.ts"
import { ControlPlaneClient } from "../control-plane/ControlPlaneClient.ts"
import { requireSettings, Settings } from "../config.ts"
import { orderName } from "../domain/DeploymentId.ts"
import type { OrderResult, Deployed, Executed, ExecuteOrder, UpdateOrder, DeployOrder } from "../domain/Order.ts"
import { CodeRunner } from "../sandbox/CodeRunner.ts"
import { ExpiryStore } from "../expiry/ExpiryStore.ts"
import { DeploymentIds } from "../ids/DeploymentIds.ts"
import { Payers } from "../payers/Payers.ts"
import { PaymentService } from "../payment/PaymentService.ts"
import { attemptOf, makeAttempt } from "./steps/attempt.ts"
import { makeCapture } from "./steps/capture.ts"
import {
  resolveOrder,
  register,
  isAboutCredential,
  joinInFlight,
  runDetached,
  awaitResult
} from "./idempotency/resolve-order.ts"
import { makeDeliver } from "./delivery/deliver.ts"
import { isOver, makeExpire } from "./steps/expire.ts"
import { BUILD_FAILURE_TTL_MS, isOpen, PurchaseStore } from "./purchase/PurchaseStore.ts"
import { create, save } from "./purchase/save.ts"
import * as transition from "./purchase/transitions.ts"
import {
  type DeployError,
  deployed,
  type ExecuteError,
  executed,
  type OrderError,
  type Status,
  type UpdateError
} from "./rpc.ts"
import { makePlace } from "./delivery/place.ts"
import { makePrepare } from "./steps/prepare.ts"
import { expiryOf, type Purchase, statusOf } from "./purchase/Purchase.ts"
import { newPurchase, storedResult, markAcknowledged, LEASE_MS } from "./purchase/new-purchase.ts"
import { makeRun } from "./steps/run.ts"
import { awaitsPayer } from "./steps/retry.ts"
import { makeUpdate } from "./steps/update.ts"

/** One alarm waits for its purchases for so long, in milliseconds, because the platform counts the time. */
const WAKE_MS = 20_000

/** The order's alarm deletes an expired deployment within this time, in milliseconds. The sweep deletes what is left then. */
const GRACE_MS = 600_000

/**
 * The steps of a deploy: authorize, bundle, start, capture, deliver. The last step of an execution is to run it. The workflow
 * works inside the order's object, on that object's `PurchaseStore`, and knows neither HTTP nor Durable Objects.
 */
export class OrderWorkflow extends Context.Service<
  OrderWorkflow,
  {
    /** Does a deploy, or joins the same one in progress. Waits a bounded time. */
    readonly submit: (submission: DeployOrder) => Effect.Effect<Deployed, DeployError, PurchaseStore>
    /** Does an execution, likewise. */
    readonly execute: (execution: ExecuteOrder) => Effect.Effect<Executed, ExecuteError, PurchaseStore>
    /** Continues every purchase that is due: after a crash, an outage, or a payment that the chain had not confirmed. */
    readonly wake: Effect.Effect<void, never, PurchaseStore>
    /** Replaces the code of a deployment for its payer. Waits a bounded time. */
    readonly update: (revision: UpdateOrder) => Effect.Effect<Deployed, UpdateError, PurchaseStore>
    /** Whether a project that carries this deployment's id is, or may become, this deployment's. */
    readonly claims: (id: string, projectId: string) => Effect.Effect<boolean, never, PurchaseStore>
    /** The state of one deployment; `undefined` where there is none. */
    readonly status: (id: string) => Effect.Effect<Status | undefined, never, PurchaseStore>
  }
>()("mpp-compute/orders/OrderWorkflow") {}

/** Runs orders on these services. */
export const layerOrderWorkflow = Layer.effect(
  OrderWorkflow,
  Effect.gen(function* () {
    const payments = yield* PaymentService
    const settings = yield* Settings
    const host = yield* ControlPlaneClient
    const expiry = yield* ExpiryStore
    const runner = yield* CodeRunner
    const ids = yield* DeploymentIds
    const payers = yield* Payers
    const attempt = makeAttempt(payers)
    const { prepare, build } = makePrepare(payments, payers, host, yield* Bundler, runner)
    const capture = makeCapture(payments)
    const place = makePlace(host)
    const ttlHours = Effect.map(requireSettings(settings, "TTL_HOURS"), ({ TTL_HOURS }) => TTL_HOURS)
    const deliver = makeDeliver(host, place, expiry, ttlHours)
    const run = makeRun(runner, ttlHours)
    const { expire, releaseProject } = makeExpire(host, expiry)

    /** Takes a purchase from its state to the end. Each state is saved before the effect that it announces. */
    const resumeFrom = (purchase: Purchase): Effect.Effect<OrderResult, OrderError, PurchaseStore> => {
      switch (purchase.state) {
        case "capturing":
          return capture.reconcile(purchase).pipe(
            // The attempt has counted as failed until now. Nobody waits for this.
            Effect.tap(() => Effect.forkDetach(payers.end(attemptOf(purchase, "purchase"), "forgotten"))),
            Effect.flatMap(resumeFrom)
          )
        case "captured":
          return purchase.operation === "deploy"
            ? Effect.flatMap(deliver(purchase), resumeFrom)
            : Effect.flatMap(run(purchase), resumeFrom)
        default:
          return storedResult(purchase)
      }
    }

    /** Continues a purchase, or waits for it if it is in progress. */
    const resume = Effect.fn("OrderWorkflow.resume")(function* (purchase: Purchase) {
      const store = yield* PurchaseStore
      const now = yield* Clock.currentTimeMillis
      const inFlight = store.inFlight.get(purchase.key)
      if (inFlight !== undefined) return yield* awaitResult(inFlight)
      // The purchase no longer waits for its payer: from here on the order tries it itself like any other.
      const failure = awaitsPayer(purchase) ? null : purchase.failure
      const due = isOpen(purchase) ? now + LEASE_MS : purchase.due
      const resumed = save(store, transition.resumed(purchase, failure, due))
      const registered = register(store, purchase.key, purchase.challengeId)
      return yield* runDetached(registered, Effect.flatMap(resumed, resumeFrom))
    })

    const update = makeUpdate(host, place, expiry, { attempt, build, resumeFrom })

    /** Steps 4 to 6: a purchase whose money has moved, or an undelivered one that was made meanwhile under another key. */
    const pay = Effect.fn("OrderWorkflow.pay")(function* (order: DeployOrder | ExecuteOrder) {
      const { authorization, upload } = yield* prepare(order)
      const now = yield* Clock.currentTimeMillis
      const store = yield* PurchaseStore
      // The payer may have bought the same under another key since this began, and wants it once.
      const undelivered = store.findUndelivered()
      if (undelivered !== undefined) return { undelivered }
      const { terms, verified } = order
      const id = yield* ids.make(orderName(verified.payer, terms.operation, terms.bodyDigest))
      const purchase = newPurchase(id, order, authorization, now, upload)
      const payload = "input" in order ? { ...upload, input: order.input } : upload
      return { paid: yield* capture.send(yield* create(store, purchase, payload)) }
    })

    const buy = Effect.fn("OrderWorkflow.buy")(function* (order: DeployOrder | ExecuteOrder) {
      const { verified } = order
      const { undelivered, paid } = yield* attempt(attemptOf(verified, "purchase"), pay(order))
      if (paid !== undefined) return yield* resumeFrom(paid)
      ;(yield* PurchaseStore).bindKeys(verified.key, verified.challengeId, undelivered.id)
      return yield* resume(undelivered)
    })

    const submit = Effect.fn("OrderWorkflow.submit")(function* (
      order: DeployOrder | ExecuteOrder
    ): Effect.fn.Return<OrderResult, OrderError, PurchaseStore> {
      const now = yield* Clock.currentTimeMillis
      const store = yield* PurchaseStore
      const resolution = resolveOrder(store, order, now)
      switch (resolution._tag) {
        case "New":
          return yield* runDetached(resolution.inFlight, buy(order))
        case "Resume":
          return yield* resume(resolution.purchase)
        case "Join":
          return yield* joinInFlight(order, resolution.inFlight).pipe(
            // An error of another credential says nothing about this one.
            Effect.catchIf(
              (error) => isAboutCredential(resolution.inFlight, order, error),
              () => submit(order)
            )
          )
        case "Finished":
          return yield* storedResult(resolution.purchase)
        case "Refused":
          return yield* resolution.error
      }
    })

    const wake = Effect.gen(function* () {
      const store = yield* PurchaseStore
      const now = yield* Clock.currentTimeMillis
      const failure = store.buildFailure()
      if (failure !== undefined && now - failure.at >= BUILD_FAILURE_TTL_MS) store.clearBuildFailure()
      const due = store.findDue(now)
      yield* Effect.all(
        due.map((purchase) => save(store, transition.wakeAt(purchase, nextWakeAt(purchase, now)))),
        { discard: true }
      )
      const ends = (purchase: Purchase) => purchase.state === "delivered" && isOver(purchase, now)
      const processDue = (purchase: Purchase) => {
        if (purchase.state === "expired" || purchase.state === "failed")
          return Effect.sync(() => store.delete(purchase.id))
        if (purchase.state === "delivered") return update.resume(purchase)
        if (store.inFlight.has(purchase.key)) return Effect.void
        return awaitsPayer(purchase) ? releaseProject(purchase) : Effect.ignore(resume(purchase))
      }
      const others = due.filter((purchase) => !ends(purchase))
      yield* Effect.forEach(others, processDue, { concurrency: "unbounded", discard: true }).pipe(
        // Each purchase continues in a fiber of its own: only the wait ends here.
        Effect.timeoutOption(WAKE_MS),
        Effect.zip(expire(due.filter(ends)), { concurrent: true })
      )
    }).pipe(Effect.withSpan("OrderWorkflow.wake"))

    const status = Effect.fn("OrderWorkflow.status")(function* (id: string) {
      const store = yield* PurchaseStore
      const purchase = store.byId(id)
      return purchase?.operation === "deploy" ? statusOf(purchase) : undefined
    })

    const claims = Effect.fn("OrderWorkflow.claims")(function* (id: string, projectId: string) {
      const store = yield* PurchaseStore
      const purchase = store.byId(id)
      if (purchase?.operation !== "deploy") return false
      if (awaitsPayer(purchase)) return purchase.placement?.projectId === projectId
      if (purchase.state !== "delivered") return purchase.state === "capturing" || purchase.state === "captured"
      const now = yield* Clock.currentTimeMillis
      // A deployment that gets a new project may have any.
      const placed = purchase.placement?.projectId ?? (purchase.gone === true ? projectId : null)
      return placed === projectId && !isOver(purchase, now - GRACE_MS)
    })

    return OrderWorkflow.of({
      submit: (submission) => Effect.tap(deployed(submit(submission)), markAcknowledged),
      execute: (execution) => Effect.tap(executed(submit(execution)), markAcknowledged),
      wake,
      update: (revision) => Effect.tap(update.submit(revision), markAcknowledged),
      claims,
      status
    })
  })
)

/** Next wake-up of a purchase in progress: after the lease (in case of a crash) or at expiry, whichever is first. */
const nextWakeAt = (purchase: Purchase, now: number): number =>
  purchase.state === "delivered" && !isOver(purchase, now)
    ? Math.min(now + LEASE_MS, expiryOf(purchase) ?? Infinity)
    : now + LEASE_MS
