import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Bundler } from "../bundler/Bundler.ts"
import { ControlPlaneClient } from "../control-plane/ControlPlaneClient.ts"
import { Settings } from "../config.ts"
import { orderName } from "../domain/DeploymentId.ts"
import type { Delivered, Deployed, Executed, Execution, Revision, Submission } from "../domain/Order.ts"
import { CodeRunner } from "../sandbox/CodeRunner.ts"
import { ExpiryStore } from "../expiry/ExpiryStore.ts"
import { DeploymentIds } from "../ids/DeploymentIds.ts"
import { Payers } from "../payers/Payers.ts"
import { PaymentService } from "../payment/PaymentService.ts"
import { attemptOf, makeAttempt } from "./steps/attempt.ts"
import { makeCapture } from "./steps/capture.ts"
import { claim, enter, isAboutCredential, join, serve, wait } from "./idempotency/resolve-order.ts"
import { makeDeliver } from "./delivery/deliver.ts"
import { isOver, makeExpire } from "./steps/expire.ts"
import { begin, isOpen, Ledger, verdictMillis } from "./purchase/PurchaseStore.ts"
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
import { newPurchase, storedAnswer, told, watchMillis } from "./purchase/new-purchase.ts"
import { makeRun } from "./steps/run.ts"
import { waits } from "./steps/retry.ts"
import { makeUpdate } from "./steps/update.ts"

/** How long one alarm is held open for what it goes on with, in milliseconds: the platform counts the time. */
const wakeMillis = 20_000

/** How long after its time a live deployment is still its order's alarm's to delete; the sweep takes what is left. */
const graceMillis = 600_000

/**
 * The order of a deploy: authorize, bundle, start, capture, deliver; and of an execution, which is run in the end. Runs inside the order's object, on that object's
 * `Ledger`, and knows neither HTTP nor Durable Objects.
 */
export class Deployer extends Context.Service<
  Deployer,
  {
    /** Serves a submission, or joins it to what its order is already doing; waits a bounded while. */
    readonly submit: (submission: Submission) => Effect.Effect<Deployed, DeployError, Ledger>
    /** Serves an execution, likewise. */
    readonly execute: (execution: Execution) => Effect.Effect<Executed, ExecuteError, Ledger>
    /** Goes on with every purchase whose time has come: after a crash, an outage, a chain that had not said. */
    readonly wake: Effect.Effect<void, never, Ledger>
    /** Puts newer code in a deployment's place, for its payer; waits a bounded while. */
    readonly update: (revision: Revision) => Effect.Effect<Deployed, UpdateError, Ledger>
    /** Whether a project that carries this deployment's id is this deployment's, or may become it. */
    readonly claims: (id: string, projectId: string) => Effect.Effect<boolean, never, Ledger>
    /** The state of one deployment; `undefined` where there is none. */
    readonly status: (id: string) => Effect.Effect<Status | undefined, never, Ledger>
  }
>()("mpp-compute/deploy/Deployer") {
  static readonly layer = Layer.effect(
    Deployer,
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
      const deliver = makeDeliver(host, place, expiry, () => settings.get("TTL_HOURS"))
      const run = makeRun(runner, () => settings.get("TTL_HOURS"))
      const { expire, vacate } = makeExpire(host, expiry)

      /** From whatever state a purchase is in to the end. Every step is written down before the effect that it announces. */
      const advance = (purchase: Purchase): Effect.Effect<Delivered, OrderError, Ledger> => {
        switch (purchase.state) {
          case "capturing":
            return capture.reconcile(purchase).pipe(
              // It has counted as failed until now. Nobody waits for it to count no more.
              Effect.tap(() => Effect.forkDetach(payers.end(attemptOf(purchase, "purchase"), "forgotten"))),
              Effect.flatMap(advance)
            )
          case "captured":
            return purchase.operation === "deploy"
              ? Effect.flatMap(deliver(purchase), advance)
              : Effect.flatMap(run(purchase), advance)
          default:
            return storedAnswer(purchase)
        }
      }

      /** Goes on with a purchase, unless somebody is at it: then its outcome is waited for. */
      const resume = Effect.fn("Deployer.resume")(function* (purchase: Purchase) {
        const ledger = yield* Ledger
        const now = yield* Clock.currentTimeMillis
        const serving = ledger.serving.get(purchase.key)
        if (serving !== undefined) return yield* wait(serving)
        // The purchase no longer waits for its payer: from here on the order tries it itself like any other.
        const failure = waits(purchase) ? null : purchase.failure
        const watched = { ...purchase, failure, due: isOpen(purchase) ? now + watchMillis : purchase.due }
        ledger.save(watched)
        return yield* serve(enter(ledger, purchase.key, purchase.challengeId), advance(watched))
      })

      const update = makeUpdate(host, place, expiry, { attempt, build, advance })

      /** Steps 4 to 6: a purchase whose money has moved; or one that was made meanwhile, under another key. */
      const pay = Effect.fn("Deployer.pay")(function* (order: Submission | Execution) {
        const { authorization, upload } = yield* prepare(order)
        const now = yield* Clock.currentTimeMillis
        const ledger = yield* Ledger
        // The payer may have bought the same under another key since this began: nobody wants it twice.
        const owed = ledger.owed()
        if (owed !== undefined) return { owed }
        const { terms, verified } = order
        const id = yield* ids.make(orderName(verified.payer, terms.operation, terms.body))
        const purchase = newPurchase(id, order, authorization, now, upload)
        const goods = "input" in order ? { ...upload, input: order.input } : upload
        return { paid: yield* capture.send(yield* begin(purchase, goods)) }
      })

      const buy = Effect.fn("Deployer.buy")(function* (order: Submission | Execution) {
        const { verified } = order
        const { owed, paid } = yield* attempt(attemptOf(verified, "purchase"), pay(order))
        if (paid !== undefined) return yield* advance(paid)
        ;(yield* Ledger).bind(verified.key, verified.challengeId, owed.id)
        return yield* resume(owed)
      })

      const submit = Effect.fn("Deployer.submit")(function* (
        order: Submission | Execution
      ): Effect.fn.Return<Delivered, OrderError, Ledger> {
        const now = yield* Clock.currentTimeMillis
        const ledger = yield* Ledger
        const found = claim(ledger, order, now)
        switch (found._tag) {
          case "New":
            return yield* serve(found.serving, buy(order))
          case "Resume":
            return yield* resume(found.purchase)
          case "Join":
            return yield* join(order, found.serving).pipe(
              // A fault in somebody else's credential says nothing about this one.
              Effect.catchIf(
                (error) => isAboutCredential(found.serving, order, error),
                () => submit(order)
              )
            )
          case "Finished":
            return yield* storedAnswer(found.purchase)
          case "Refused":
            return yield* found.error
        }
      })

      const wake = Effect.gen(function* () {
        const ledger = yield* Ledger
        const now = yield* Clock.currentTimeMillis
        const verdict = ledger.verdict()
        if (verdict !== undefined && now - verdict.at >= verdictMillis) ledger.acquit()
        const due = ledger.due(now)
        for (const purchase of due) ledger.save({ ...purchase, due: nextLook(purchase, now) })
        const ends = (purchase: Purchase) => purchase.state === "delivered" && isOver(purchase, now)
        const attend = (purchase: Purchase) => {
          if (purchase.state === "expired" || purchase.state === "failed")
            return Effect.sync(() => ledger.forget(purchase.id))
          if (purchase.state === "delivered") return update.resume(purchase)
          if (ledger.serving.has(purchase.key)) return Effect.void
          return waits(purchase) ? vacate(purchase) : Effect.ignore(resume(purchase))
        }
        const others = due.filter((purchase) => !ends(purchase))
        yield* Effect.forEach(others, attend, { concurrency: "unbounded", discard: true }).pipe(
          // Each purchase goes on in a fiber of its own: only the waiting for it ends here.
          Effect.timeoutOption(wakeMillis),
          Effect.zip(expire(due.filter(ends)), { concurrent: true })
        )
      }).pipe(Effect.withSpan("Deployer.wake"))

      const status = Effect.fn("Deployer.status")(function* (id: string) {
        const ledger = yield* Ledger
        const purchase = ledger.byId(id)
        return purchase?.operation === "deploy" ? statusOf(purchase) : undefined
      })

      const claims = Effect.fn("Deployer.claims")(function* (id: string, projectId: string) {
        const ledger = yield* Ledger
        const purchase = ledger.byId(id)
        if (purchase?.operation !== "deploy") return false
        if (waits(purchase)) return purchase.placement?.projectId === projectId
        if (purchase.state !== "delivered") return purchase.state === "capturing" || purchase.state === "captured"
        const now = yield* Clock.currentTimeMillis
        // One that is being placed anew may have any.
        const placed = purchase.placement?.projectId ?? (purchase.gone === true ? projectId : null)
        return placed === projectId && !isOver(purchase, now - graceMillis)
      })

      return Deployer.of({
        submit: (submission) => Effect.tap(deployed(submit(submission)), told),
        execute: (execution) => Effect.tap(executed(submit(execution)), told),
        wake,
        update: (revision) => Effect.tap(update.submit(revision), told),
        claims,
        status
      })
    })
  )
}

/** When to look at a purchase again that is attended to now: after a crash by then, and never later than its time is over. */
const nextLook = (purchase: Purchase, now: number): number =>
  purchase.state === "delivered" && !isOver(purchase, now)
    ? Math.min(now + watchMillis, expiryOf(purchase) ?? Infinity)
    : now + watchMillis
