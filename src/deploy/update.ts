import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { ControlPlaneClient } from "../control-plane/ControlPlaneClient.ts"
import { BundleFailed, Busy, DeployFailed, Expired, type TooManyAttempts } from "../domain/Errors.ts"
import { type Delivered, type Deployed, type Files, type Revision, statusPath } from "../domain/Order.ts"
import type { AttemptId } from "../payers/Payers.ts"
import { attemptOf, type makeAttempt } from "./attempt.ts"
import { admit, serveUpdate, wait } from "./admit.ts"
import { enter, serve } from "./claim.ts"
import { isOver } from "./expire.ts"
import { type Build, Ledger, type Updating } from "./Ledger.ts"
import { deployed, type OrderError, type UpdateError } from "./Outcome.ts"
import { expiryOf, type Failure, type Purchase } from "./Purchase.ts"

/** When the alarm looks after an update that is being served, in milliseconds: its process may have ended. */
const watch = 30_000

/** The pauses between tries grow from 2 s to 15 min. */
const pause = (attempts: number) => Math.min(2_000 * 2 ** attempts, 15 * 60_000)

/** What an update needs of a deploy: a build without a verdict on the order's own body, and the way to live. */
interface Steps {
  readonly build: (files: Files, attempt: AttemptId) => Effect.Effect<Build, BundleFailed | Busy | TooManyAttempts>
  readonly attempt: ReturnType<typeof makeAttempt>
  readonly advance: (purchase: Purchase) => Effect.Effect<Delivered, OrderError, Ledger>
}

/**
 * Newer code for a deployment that is paid for: at its URL until its hour when it is live, and the code that goes live when
 * the host refused the one before. The old code serves until the host has taken the new one.
 */
export const makeUpdate = (host: ControlPlaneClient["Service"], { attempt, build, advance }: Steps) => {
  /** Writes a live purchase's next state; read again, because its time may have run out meanwhile. */
  const settle = Effect.fnUntraced(function* (
    id: string,
    change: (purchase: Purchase, now: number) => Partial<Purchase> & Pick<Purchase, "update"> & { readonly due: number }
  ) {
    const ledger = yield* Ledger
    const now = yield* Clock.currentTimeMillis
    const purchase = ledger.byId(id)
    if (purchase?.state !== "delivered") return yield* over(id)
    const changes = change(purchase, now)
    const next = { ...purchase, ...changes, due: Math.min(changes.due, expiryOf(purchase)!) }
    ledger.save(next)
    return next
  })

  /** The host did not take the update, and its payer is told. Code that it refuses would be refused again. */
  const untaken = Effect.fnUntraced(function* (id: string, fault: Failure["fault"], what: string) {
    const { key, attempts } = (yield* Ledger).byId(id)?.update ?? { key: "", attempts: 0 }
    const wait = pause(attempts)
    const detail = `The update ${what}; the code before it goes on serving.`
    yield* settle(id, ({ update }, now) => ({
      failure: { fault, detail, at: now },
      ...(fault === "code" || update === null
        ? { update: null, due: Infinity }
        : { update: { ...update, attempts: attempts + 1 }, due: now + wait })
    }))
    const next =
      fault === "code" ? "Send corrected code; updates are free." : "It goes on by itself; look at status_url."
    return yield* new DeployFailed({
      detail: `${detail} ${next}`,
      deployment_id: id,
      status_url: statusPath(id),
      fault,
      retry: { idempotency_key: key },
      ...(fault === "service" && { retry_after: Math.ceil(wait / 1000) })
    })
  })

  /** Sends what was written down. Can be broken off anywhere and called again: the same upload twice does no harm. */
  const push = Effect.fn("Deployer.push")(function* (id: string) {
    const ledger = yield* Ledger
    const projectId = ledger.byId(id)?.placement?.projectId
    const upload = ledger.goods(id)
    if (projectId == null || upload === undefined || !("code" in upload))
      return yield* Effect.die(new Error(`${id} has nothing to update`))
    yield* host.upload(projectId, upload).pipe(
      Effect.catchTags({
        CodeRejected: ({ message }) => untaken(id, "code", `does not start at the host (${message})`),
        ControlPlaneRefused: ({ status, message }) =>
          untaken(id, "service", `was refused by the host (${status} ${message})`),
        ControlPlaneUnavailable: ({ message }) => untaken(id, "service", `has not reached the host (${message})`)
      })
    )
    const { answer, receipt } = yield* settle(id, (_, now) => {
      return { update: null, updatedAt: now, failure: null, due: Infinity, warnings: upload.warnings ?? [] }
    })
    if (answer === null || !("url" in answer)) return yield* Effect.die(new Error(`${id} has no URL`))
    return { ...answer, receipt: receipt! }
  })

  /** Writes the bundle down, and sends it: as an update of what is live, or as what is delivered in the first place. */
  const replace = Effect.fn("Deployer.replace")(function* (id: string, { body, key }: Updating, upload: Build) {
    const ledger = yield* Ledger
    for (;;) {
      const now = yield* Clock.currentTimeMillis
      const purchase = ledger.byId(id)
      if (purchase === undefined || isOver(purchase, now)) return yield* over(id)
      const delivering = ledger.serving.get(purchase.key)
      if (delivering !== undefined) {
        // The alarm has just gone on with the code before. Whatever becomes of it, this is newer.
        yield* Effect.exit(Deferred.await(delivering.outcome))
        continue
      }
      if (purchase.state === "delivered") {
        ledger.amend(
          { ...purchase, update: { body, key, attempts: 0 }, due: Math.min(now + watch, expiryOf(purchase)!) },
          upload
        )
        return yield* push(id)
      }
      const amended = { ...purchase, failure: null, attempts: 0, due: now + watch, warnings: upload.warnings ?? [] }
      ledger.amend(amended, upload)
      return yield* deployed(serve(enter(ledger, purchase.key, purchase.challengeId), advance(amended))).pipe(
        // Said before a payment only, and this one is paid for.
        Effect.catchTag("HostUnavailable", (error) => Effect.die(error))
      )
    }
  })

  const rebuild = ({ id, files, verified }: Revision, updating: Updating) => {
    const mine = attemptOf(verified, "update")
    return build(files, mine).pipe(
      Effect.catchTags({
        BundleFailed: (error) => new BundleFailed({ ...error, detail: `${error.detail} The deployment is as it was.` })
      }),
      Effect.flatMap((upload) => replace(id, updating, upload)),
      (work) => attempt(mine, work),
      Effect.catchTag("Busy", busy)
    )
  }

  return {
    /** Serves an update, or joins it to the same one that is being served; waits a bounded while. */
    submit: Effect.fn("Deployer.update")(function* (
      revision: Revision
    ): Effect.fn.Return<Deployed, UpdateError, Ledger> {
      const ledger = yield* Ledger
      const admitted = admit(ledger, revision, yield* Clock.currentTimeMillis)
      switch (admitted._tag) {
        case "New":
          return yield* serveUpdate(revision.id, admitted.updating, rebuild(revision, admitted.updating))
        case "Join":
          return yield* wait(revision.id, admitted.updating)
        case "Refused":
          return yield* admitted.error
      }
    }),

    /** Goes on with an update that was written down, unless it is being served. */
    resume: Effect.fn("Deployer.resumeUpdate")(function* ({ id, update }: Purchase) {
      const ledger = yield* Ledger
      if (update === null || ledger.updating.has(id)) return
      const updating = { ...update, challengeId: null, outcome: Deferred.makeUnsafe<Deployed, UpdateError>() }
      ledger.updating.set(id, updating)
      yield* Effect.ignore(serveUpdate(id, updating, push(id)))
    })
  }
}

const busy = (error: Busy) =>
  new Busy({ ...error, charged: null, detail: "The update could not be built at this moment. Send it again." })

const over = (id: string) => new Expired({ detail: "This deployment has lived its time.", deployment_id: id })
