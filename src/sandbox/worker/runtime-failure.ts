import { DeadlineExceeded, load, withTimeout, type WorkerLoader } from "./loader.ts"

/** The runtime failed with this message, and the code did not. The same code may run another time. */
export interface RuntimeFailure {
  readonly runtimeFailure: string
}

/** An attempt that seems to have met a runtime failure, this many milliseconds after it began. */
export interface FailedAttempt extends RuntimeFailure {
  readonly durationMs: number
}

/** The code itself throws the message of a runtime failure. `durationMs` is the time that its last attempt took. */
export interface ImitatedFailure {
  readonly imitated: string
  readonly durationMs: number
}

/** The message of a thrown value. */
export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** Whether this may be the runtime's message for a failure of the runtime. Code can throw the same message. */
export const looksLikeRuntimeFailure = (cause: unknown): boolean =>
  /internal error|disconnected|network connection lost/i.test(messageOf(cause))

/** Code that certainly runs. */
export const CONTROL_CODE = {
  mainModule: "control.js",
  modules: { "control.js": "export default { fetch: () => new Response() }" },
  compatibilityDate: "2026-03-01",
  compatibilityFlags: []
}

/** Whether the runtime runs the control code. */
const runsControlCode = async (loader: WorkerLoader): Promise<boolean> => {
  try {
    const { send } = load(loader, CONTROL_CODE, undefined)
    await withTimeout(2_000, "no answer", async (signal) => (await send({ signal })).body?.cancel())
    return true
  } catch {
    return false
  }
}

/**
 * Whether the runtime, and not the code, failed a call. It tells by the message, or by whether the runtime also fails to run
 * the control code. A timeout alone proves nothing.
 */
export const isRuntimeFailure = async (loader: WorkerLoader, cause: unknown): Promise<boolean> =>
  looksLikeRuntimeFailure(cause) || (!(cause instanceof DeadlineExceeded) && !(await runsControlCode(loader)))

/**
 * Makes an attempt, and a second one if the first seems to have met a runtime failure. If both fail so while the runtime runs
 * the control code, the code imitates the failure. Without this rule code could make the gateway run it again and again for one
 * payment.
 */
export const retryOnRuntimeFailure = async <A extends object>(
  loader: WorkerLoader,
  attempt: () => Promise<A | FailedAttempt>
): Promise<A | ImitatedFailure | RuntimeFailure> => {
  const first = await attempt()
  if (!isFailedAttempt(first)) return first
  const second = await attempt()
  if (!isFailedAttempt(second)) return second
  const { runtimeFailure, durationMs } = second
  return (await runsControlCode(loader)) ? { imitated: runtimeFailure, durationMs } : { runtimeFailure }
}

const isFailedAttempt = <A extends object>(outcome: A | FailedAttempt): outcome is FailedAttempt =>
  "runtimeFailure" in outcome
