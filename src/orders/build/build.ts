import * as Effect from "effect/Effect"
import { Bundler } from "../../bundler/Bundler.ts"
import { type BundleFailed, Busy, InvalidRequest } from "../../domain/Errors.ts"
import { type Env, type Files, sortFiles } from "../../domain/Order.ts"
import { type AttemptId, Payers } from "../../payers/Payers.ts"
import { CodeRunner, type Purpose, type StartFailed } from "../../sandbox/CodeRunner.ts"
import type { BuildFailure } from "../purchase/Purchase.ts"
import type { Build } from "../purchase/PurchaseStore.ts"
import { diagnose } from "./diagnose.ts"
import { type Equipment, equipmentOf, findConflict, standInsOf } from "./equipment.ts"
import { findUnmetNeeds } from "./host-needs.ts"
import type { Worker } from "./slots.ts"
import { WorkSlots } from "./WorkSlots.ts"

/** A build of a payer's files. */
export interface Job {
  readonly files: Files
  readonly purpose: Purpose
  readonly attempt: AttemptId
  /** The secrets that the program gets once it has started. */
  readonly env?: Env
  /** The versions of packages to repeat. */
  readonly lock?: Build["lock"]
}

/** Builds the source map of a bundle that was made without one. Without it a diagnostic names no line. */
const mapFor = Effect.fnUntraced(function* ({ frames }: StartFailed, { files, purpose }: Job, lock: Build["lock"]) {
  if (frames.length === 0) return undefined
  const bundler = yield* Bundler
  return yield* bundler.bundle(files, { purpose, sourceMap: true, lock }).pipe(
    Effect.map(({ map }) => map),
    Effect.orElseSucceed(() => undefined)
  )
})

/** Returns no map if no slot is free. The payer gets the diagnostic anyway. */
const mapOf = Effect.fnUntraced(function* (worker: Worker, failed: StartFailed, job: Job, lock: Build["lock"]) {
  const { inBuild } = yield* WorkSlots
  return yield* inBuild(worker, mapFor(failed, job, lock)).pipe(Effect.orElseSucceed(() => undefined))
})

/** Refuses a request without a secret that the program's configuration requires. */
const checkRequired = (env: Env, required: ReadonlyArray<string>) => {
  const name = required.find((name) => !Object.hasOwn(env, name))
  return name === undefined
    ? Effect.void
    : new InvalidRequest({
        detail: `The project's configuration requires the secret ${name}. Send its value: {"env": {"${name}": "…"}}.`
      })
}

/** Refuses a secret with the name of a binding or a variable of the program, because `env` has one value by a name. */
const checkNames = (env: Env, equipment: Equipment) => {
  const name = findConflict(Object.keys(env), equipment)
  return name === undefined
    ? Effect.void
    : new InvalidRequest({
        detail: `env.${name} is also a binding or a variable of the project's configuration. Rename one of them.`
      })
}

/**
 * Builds files and checks that they start. `refuse` handles a failure of either. `certain` is true if the same files must fail
 * again.
 */
export const buildAndStart = Effect.fn("OrderWorkflow.build")(function* <R>(
  job: Job,
  refuse: (problem: Omit<BuildFailure, "at">, certain: boolean) => Effect.Effect<never, BundleFailed, R>
) {
  const { purpose, attempt, env = {} } = job
  const files = sortFiles(job.files)
  const { inBuild, inStart } = yield* WorkSlots
  const bundler = yield* Bundler
  const runner = yield* CodeRunner
  const payers = yield* Payers
  // The order saves the attempt before it builds. Payers with fewer failures come first.
  const worker = { payer: attempt.payer, failures: yield* payers.keep(attempt) }
  const building = Effect.andThen(logWork("build", purpose), bundler.bundle(files, { purpose, lock: job.lock }))
  const bundle = yield* inBuild(worker, building).pipe(
    Effect.catchTags({
      BundleRejected: ({ diagnostics, certain }) => {
        const detail = "The source does not bundle: see diagnostics."
        // A diagnostic without a file means that the compiler gave up, and it may succeed another time.
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
  const { main, code, compatibilityFlags, entrypoint, warnings, map, lock } = bundle
  const equipment = equipmentOf(bundle)
  yield* checkNames(env, equipment)
  if (purpose === "serve") yield* checkRequired(env, bundle.requiredSecrets)
  const unmet = purpose === "run" ? [] : yield* findUnmetNeeds(files, equipment, Object.keys(env))
  if (unmet.length > 0) {
    const detail = "The project needs what this service does not give: see diagnostics."
    return yield* refuse({ detail, diagnostics: unmet }, false)
  }
  const upload: Build = {
    main,
    code,
    compatibilityFlags,
    warnings,
    lock,
    ...(map !== undefined && { map }),
    ...equipment
  }
  // It starts without secrets, because the host sets them after the code is live, and refuses code that needs them to start.
  const check = runner.check({ ...upload, ...(purpose === "serve" && { standIns: standInsOf(equipment) }) }, purpose)
  const hint =
    Object.keys(env).length === 0 ? "" : " The values of env are set after the start: read them when a request comes."
  yield* (runner.available ? inStart(worker, Effect.andThen(logWork("start", purpose), check)) : check).pipe(
    Effect.catchTags({
      StartFailed: Effect.fnUntraced(function* (failed) {
        const detail = `The code bundles but does not start: see diagnostics.${hint}`
        const program = { entrypoint, files, map: map ?? (yield* mapOf(worker, failed, job, lock)) }
        return yield* refuse({ detail, diagnostics: [diagnose(failed, program)] }, failed.certain)
      }),
      RunnerUnavailable: ({ message }) => unavailable("the runner does not answer", message)
    })
  )
  return upload
})

/** Logs a line for each build and each start, so that the operator can count unpaid work. */
const logWork = (message: "build" | "start", purpose: Purpose) =>
  Effect.annotateLogs(Effect.logInfo(message), { purpose })

const unavailable = (what: string, message: string) =>
  Effect.andThen(
    Effect.logError(what, message),
    new Busy({ detail: "The service cannot build at present. Nothing was charged; try again.", retry_after: 5 })
  )
