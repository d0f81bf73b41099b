import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Bundler } from "../../bundler/Bundler.ts"
import type { ControlPlaneClient } from "../../control-plane/ControlPlaneClient.ts"
import { BundleFailed, Busy, PaymentUnavailable } from "../../domain/Errors.ts"
import type { ExecuteOrder, Files, DeployOrder } from "../../domain/Order.ts"
import type { CodeRunner, Purpose, StartFailed } from "../../sandbox/CodeRunner.ts"
import type { AttemptId, Payers } from "../../payers/Payers.ts"
import { attemptOf } from "./attempt.ts"
import {
  type Authorization,
  CAPTURE_SECONDS,
  PaymentRejected,
  type PaymentService
} from "../../payment/PaymentService.ts"
import { diagnose } from "./diagnose.ts"
import { type Build, PurchaseStore } from "../purchase/PurchaseStore.ts"
import type { BuildFailure } from "../purchase/Purchase.ts"
import { askHost } from "../delivery/ask-host.ts"
import { BUILDS, makeSlots, STARTS, type Worker } from "./slots.ts"

/** A purchase that can be made: paid for in principle, built, and known to start. No money has moved. */
export interface Prepared {
  readonly authorization: Authorization
  readonly upload: Build
}

/** Steps 4 and 5 of a deploy, or of an execution: authorize, bundle, start, hear from the host, look at the clock again. Whatever fails here has cost nothing. */
export const makePrepare = (
  payments: PaymentService["Service"],
  payers: Payers["Service"],
  host: ControlPlaneClient["Service"],
  bundler: Bundler["Service"],
  runner: CodeRunner["Service"]
) => {
  const inBuild = makeSlots(BUILDS)
  const inStart = makeSlots(STARTS)

  /** The source map of a bundle that was made without one. Without it the diagnostic names no line, and is one all the same. */
  const mapFor = ({ frames }: StartFailed, files: Files, purpose: Purpose, lock: Build["lock"]) =>
    frames.length === 0
      ? Effect.undefined
      : bundler.bundle(files, { purpose, sourceMap: true, lock }).pipe(
          Effect.map(({ map }) => map),
          Effect.orElseSucceed(() => undefined)
        )

  /** Without a turn there is no map. The payer gets the diagnostic all the same. */
  const mapOf = (worker: Worker, failed: StartFailed, files: Files, purpose: Purpose, lock: Build["lock"]) =>
    inBuild(worker, mapFor(failed, files, purpose, lock)).pipe(Effect.orElseSucceed(() => undefined))

  /** `refuse` handles a build failure. It is `certain` if the same files are sure to fail again. */
  const make = Effect.fn("OrderWorkflow.build")(function* <R>(
    files: Files,
    purpose: Purpose,
    attempt: AttemptId,
    refuse: (problem: Omit<BuildFailure, "at">, certain: boolean) => Effect.Effect<never, BundleFailed, R>,
    known?: Build["lock"]
  ) {
    // An attempt is kept before anything is built for it, and payers with fewer failures come first.
    const worker = { payer: attempt.payer, failures: yield* payers.keep(attempt) }
    const bundle = Effect.andThen(logWork("build", purpose), bundler.bundle(files, { purpose, lock: known }))
    const { main, code, compatibilityFlags, entrypoint, warnings, map, lock } = yield* inBuild(worker, bundle).pipe(
      Effect.catchTags({
        BundleRejected: ({ diagnostics, certain }) => {
          const detail = "The source does not bundle: see diagnostics."
          // Without a file it is the compiler that gave up, which it may not do another time.
          return refuse({ detail, diagnostics }, certain && diagnostics.every(({ file }) => file !== ""))
        },
        BundlerBusy: () =>
          new Busy({ detail: "Too many builds in flight. Nothing was charged; try again.", retry_after: 2 }),
        RegistryUnavailable: ({ message }) =>
          Effect.andThen(
            Effect.logWarning("packages could not be fetched", message),
            new Busy({ detail: `${message}. Nothing was charged; try again.`, retry_after: 5 })
          ),
        BundlerCrashed: ({ message }) => unavailable("the bundler could not start", message)
      })
    )
    const upload: Build = { main, code, compatibilityFlags, warnings, lock, ...(map !== undefined && { map }) }
    const start = Effect.andThen(logWork("start", purpose), runner.check(upload, purpose))
    yield* (runner.available ? inStart(worker, start) : runner.check(upload, purpose)).pipe(
      Effect.catchTags({
        StartFailed: Effect.fnUntraced(function* (failed) {
          const detail = "The code bundles but does not start: see diagnostics."
          const program = { entrypoint, files, map: map ?? (yield* mapOf(worker, failed, files, purpose, lock)) }
          return yield* refuse({ detail, diagnostics: [diagnose(failed, program)] }, failed.certain)
        }),
        RunnerUnavailable: ({ message }) => unavailable("the runner does not answer", message)
      })
    )
    return upload
  })

  const inTime = Effect.fn("OrderWorkflow.inTime")(function* (authorization: Authorization, key: string) {
    // Read after I/O: a Worker's clock stands still while it computes.
    yield* Effect.sleep(0)
    const now = yield* Clock.currentTimeMillis
    if (authorization.validBefore - now / 1000 >= CAPTURE_SECONDS) return
    return yield* new PaymentRejected({
      problem: "payment-expired",
      detail:
        "The signed transaction ran out of time while the source was bundled. Nothing was charged; sign a fresh one.",
      key
    })
  })

  const prepare = Effect.fn("OrderWorkflow.prepare")(function* (order: DeployOrder | ExecuteOrder) {
    const { terms, verified, files } = order
    const purpose = "input" in order ? "run" : "serve"
    // Beside all that follows, so that it takes no time of its own. A run needs no host.
    const asked = purpose === "run" ? undefined : yield* Effect.forkChild(askHost(host), { startImmediately: true })
    const authorization = yield* payments.authorize(verified, terms).pipe(
      Effect.catchTag("PaymentServiceUnavailable", ({ message }) =>
        Effect.andThen(
          Effect.logWarning("the chain could not be asked", message),
          new PaymentUnavailable({
            detail: "The chain cannot be reached to check the payment. Nothing was charged; try again.",
            retry_after: 5
          })
        )
      )
    )
    const upload = yield* make(files, purpose, attemptOf(verified, "purchase"), rejectBody)
    // Not before: what is wrong with the body is the same whatever the host is like.
    if (asked !== undefined) yield* Fiber.join(asked)
    yield* inTime(authorization, verified.key)
    return { authorization, upload } satisfies Prepared
  })

  return {
    prepare,
    /** Builds and starts the files of an update, with the packages of `lock`. The order does not save their failure, because they are not its body. */
    build: (files: Files, attempt: AttemptId, lock: Build["lock"]) =>
      make(
        files,
        "serve",
        attempt,
        ({ detail, diagnostics }) =>
          new BundleFailed({ detail: `${detail} Updates are free.`, diagnostics, charged: true }),
        lock
      )
  }
}

/** Fails with what is wrong with the body itself; what is `certain` is kept: the same body would fail again. */
const rejectBody = Effect.fnUntraced(function* (found: Omit<BuildFailure, "at">, certain: boolean) {
  const store = yield* PurchaseStore
  const problem = { ...found, detail: `${found.detail} Nothing was charged.` }
  if (certain) store.saveBuildFailure({ ...problem, at: yield* Clock.currentTimeMillis })
  return yield* new BundleFailed(problem)
})

/** One line of the log for each build and each start: so that work which nobody pays for can be counted. */
const logWork = (message: "build" | "start", purpose: Purpose) =>
  Effect.annotateLogs(Effect.logInfo(message), { purpose })

const unavailable = (what: string, message: string) =>
  Effect.andThen(
    Effect.logError(what, message),
    new Busy({ detail: "The service cannot build at present. Nothing was charged; try again.", retry_after: 5 })
  )
