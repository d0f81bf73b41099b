import type { RuntimeFailure } from "./runtime-failure.ts"
import { inspectToRun, inspectToServe } from "../isolate/inspect.ts"
import { LIMITS, type RunError } from "../limits.ts"
import type { WorkerCode, WorkerLoader } from "./loader.ts"
import { type ExportInspection, inspectExports, type InvalidExport } from "./inspect-exports.ts"
import { START_TIMEOUT_MESSAGE, startAsMain, startReexported } from "./main-start.ts"
import { startQuickly } from "./quick-start.ts"

/** The purpose of code: to serve requests, or to be called once. */
export type Purpose = "serve" | "run"

/** The reason why code does not start, or cannot serve its purpose. */
export interface FailedStart {
  readonly ok: false
  /** The runtime's own message, or what the exports lack. */
  readonly message: string
  /** The error that the code threw, with its stack, if that is known. */
  readonly threw?: RunError
  /** The exports that a Worker may not have. */
  readonly invalidExports?: ReadonlyArray<InvalidExport>
}

/** Whether code starts and can serve its purpose. */
export type StartResult = { readonly ok: true } | FailedStart

/**
 * CPU that a start may take, in milliseconds. A site gets the platform's own limit for a Worker's start. Code that is called
 * once gets the limit of its call, so that no client pays for code that cannot start within it.
 */
const START_CPU_MS = { serve: 1_000, run: LIMITS.cpuMs } as const

/**
 * As `check`, but rejects when the runtime fails repeatedly.
 *
 * @throws {Error} with the runtime's message.
 */
export const checkOrThrow = async (
  loader: WorkerLoader,
  code: WorkerCode,
  purpose: Purpose = "serve"
): Promise<StartResult> => {
  const result = await check(loader, code, purpose)
  if ("runtimeFailure" in result) throw new Error(result.runtimeFailure)
  return result
}

/**
 * Starts code in isolates of its own, without network, and inspects its exports. It calls none of them. One isolate shows that code
 * serves, because each isolate costs time and money. If that one is not content, code that serves is started as it is: the runtime
 * validates the very module that the host will start, outside of any request. The runtime does not check for a request handler, so a
 * module of the gateway does, in another isolate.
 */
export const check = async (
  loader: WorkerLoader,
  code: WorkerCode,
  purpose: Purpose
): Promise<StartResult | RuntimeFailure> => {
  const main = Object.hasOwn(code.modules, code.mainModule) ? code.modules[code.mainModule] : undefined
  if (main === undefined) return failed(`No such module: ${code.mainModule}`)
  // A module of the gateway could import either, but the runtime starts neither.
  if (typeof main !== "string" && !("js" in main)) return failed("Main module must be an ES module.")
  // The host's own modules around the code must start, too.
  if (purpose === "serve" && code.hostMain === undefined) {
    const start = await startQuickly(loader, code, START_CPU_MS.serve)
    if (start === "usable") return { ok: true }
    if (start === "late") return failed(START_TIMEOUT_MESSAGE)
  }
  const [started, exports] = await Promise.all([
    purpose === "serve" ? startAsMain(loader, asHosted(code), START_CPU_MS.serve) : { ok: true as const },
    inspectExports(loader, code, purpose === "serve" ? inspectToServe : inspectToRun, START_CPU_MS[purpose])
  ])
  if ("runtimeFailure" in started) return started
  if (!started.ok) return failed(started.message, "runtimeFailure" in exports ? undefined : exports)
  if ("runtimeFailure" in exports) return exports
  if (exports.is !== "usable") return failed(exports.message, exports)
  if (purpose === "run" || !exports.hooked) return { ok: true }
  // If the code sets Error.prepareStackTrace and that hook throws, the runtime loses the error of the start. It reports a good
  // start, and then every request fails.
  return startReexported(loader, asHosted(code), START_CPU_MS.serve)
}

/** The code as its host starts it, in the host's own modules if it has some. */
const asHosted = (code: WorkerCode): WorkerCode => ({ ...code, mainModule: code.hostMain ?? code.mainModule })

const failed = (message: string, exports?: ExportInspection): FailedStart => ({
  ok: false,
  message,
  ...(exports?.is === "threw" && { threw: exports.threw }),
  ...(exports?.is === "invalid" && { invalidExports: exports.invalidExports })
})
