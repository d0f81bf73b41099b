import {
  CONTROL_CODE,
  type FailedAttempt,
  isRuntimeFailure,
  messageOf,
  retryOnRuntimeFailure,
  type RuntimeFailure
} from "./runtime-failure.ts"
import { reexportModule } from "../isolate/reexport.ts"
import { load, readUpTo, withTimeout, type WorkerCode, type WorkerLoader } from "./loader.ts"

/** A start may take this long, in milliseconds. */
export const START_TIMEOUT_MS = 10_000

/** The error of a start that takes longer. */
export const START_TIMEOUT_MESSAGE = `The code did not finish starting within ${START_TIMEOUT_MS / 1000} s.`

/** Whether code starts as a Worker's main module; `message` is the runtime's own. */
export type MainStart = { readonly ok: true } | { readonly ok: false; readonly message: string }

/**
 * Starts code exactly as its host will: its main module is the isolate's, and the runtime itself validates its exports,
 * outside of any request. Then it asks for an entrypoint with a random name. The runtime answers that there is none only
 * after a complete start; any other answer says why the start failed. Code cannot imitate that answer, because it cannot
 * know the name.
 */
export const startAsMain = async (
  loader: WorkerLoader,
  code: WorkerCode,
  cpuMs: number
): Promise<MainStart | RuntimeFailure> => {
  const started = await retryOnRuntimeFailure(loader, () => startOnce(loader, code, cpuMs))
  if ("runtimeFailure" in started || ("ok" in started && started.ok)) return started
  // The answer tells something about the code only if this runtime names missing entrypoints.
  if (!(await namesMissingEntrypoint(loader))) return startReexported(loader, code, cpuMs)
  return { ok: false, message: "imitated" in started ? started.imitated : started.message }
}

/**
 * Starts a module of the gateway that re-exports all exports of the code, so that the runtime validates them. It is for cases
 * where the runtime does not report whether the code's own start succeeded.
 */
export const startReexported = async (
  loader: WorkerLoader,
  code: WorkerCode,
  cpuMs: number
): Promise<MainStart | RuntimeFailure> => {
  const started = await retryOnRuntimeFailure(loader, () => startReexportedOnce(loader, code, cpuMs))
  return "imitated" in started ? { ok: false, message: started.imitated } : started
}

/** Makes a class name that code cannot know. */
export const randomName = (): string => `Absent${crypto.randomUUID().replaceAll("-", "")}`

const startOnce = (loader: WorkerLoader, code: WorkerCode, cpuMs: number): Promise<MainStart | FailedAttempt> => {
  const entrypoint = randomName()
  return attempt(
    loader,
    async (signal) => {
      await (await load(loader, code, undefined, { cpuMs }).send({ signal, entrypoint })).body?.cancel()
      return { ok: true }
    },
    (message) => (message.includes(entrypoint) ? { ok: true } : { ok: false, message })
  )
}

/** Whether this runtime names an entrypoint that it does not find. Some report an error of their own instead. */
const namesMissingEntrypoint = async (loader: WorkerLoader): Promise<boolean> => {
  if (namingLoaders.has(loader)) return true
  const started = await startOnce(loader, CONTROL_CODE, 1_000)
  const names = "ok" in started && started.ok
  if (names) namingLoaders.add(loader)
  return names
}

// Requests may share this value, because a runtime that has named a missing entrypoint once continues to do so.
const namingLoaders = new WeakSet<WorkerLoader>()

const startReexportedOnce = (
  loader: WorkerLoader,
  code: WorkerCode,
  cpuMs: number
): Promise<MainStart | FailedAttempt> => {
  const entrypoint = randomName()
  return attempt(
    loader,
    async (signal) => {
      const { send } = load(loader, code, reexportModule(code.mainModule, entrypoint), { cpuMs })
      const response = await send({ signal, entrypoint })
      const body = await readUpTo(100, response, Date.now() + START_TIMEOUT_MS, START_TIMEOUT_MESSAGE)
      return body === entrypoint ? { ok: true } : { ok: false, message: "The code changed the start check's answer." }
    },
    (message) => ({ ok: false, message })
  )
}

const attempt = async (
  loader: WorkerLoader,
  start: (signal: AbortSignal) => Promise<MainStart>,
  onFailure: (message: string) => MainStart
): Promise<MainStart | FailedAttempt> => {
  const since = Date.now()
  try {
    return await withTimeout(START_TIMEOUT_MS, START_TIMEOUT_MESSAGE, start)
  } catch (cause) {
    const durationMs = Date.now() - since
    // The runtime's message begins with this line on a laptop.
    const started = onFailure(messageOf(cause).replace(/^Failed to start Worker:\n/, ""))
    if (!started.ok && (await isRuntimeFailure(loader, cause))) return { runtimeFailure: messageOf(cause), durationMs }
    return started
  }
}
