import { callModule } from "../isolate/call.ts"
import { LIMITS, tooLarge, type RunError } from "../limits.ts"
import {
  type FailedAttempt,
  isRuntimeFailure,
  messageOf,
  retryOnRuntimeFailure,
  type RuntimeFailure
} from "./runtime-failure.ts"
import { DeadlineExceeded, load, readUpTo, withTimeout, type WorkerCode, type WorkerLoader } from "./loader.ts"
import { isJson, parseError } from "./outcome.ts"

export { LIMITS, type RunError } from "../limits.ts"
export type { RuntimeFailure } from "./runtime-failure.ts"

/** The outcome of a run; `result` is the text of a JSON value, `durationMs` the time from the call to its end. */
export type RunResult =
  | { readonly ok: true; readonly result: string; readonly durationMs: number }
  | { readonly ok: false; readonly error: RunError; readonly durationMs: number }

/**
 * Calls `run(input)`, or the default function, once, in an isolate of its own without bindings or network. After a runtime
 * failure it calls again, in another isolate: at most twice for one payment.
 *
 * @param input the text of a JSON value; null for a call without input.
 */
export const run = async (
  loader: WorkerLoader,
  code: WorkerCode,
  input: string | null
): Promise<RunResult | RuntimeFailure> => {
  const result = await retryOnRuntimeFailure(loader, () => callOnce(loader, code, input))
  if (!("imitated" in result)) return result
  const error = { name: "Error", message: result.imitated.slice(0, 2000) }
  return { ok: false, error, durationMs: result.durationMs }
}

const callOnce = async (
  loader: WorkerLoader,
  code: WorkerCode,
  input: string | null
): Promise<RunResult | FailedAttempt> => {
  const { send } = load(loader, code, callModule, { cpuMs: LIMITS.cpuMs })
  let since = Date.now()
  const failed = (error: RunError): RunResult => ({ ok: false, error, durationMs: Date.now() - since })
  const late = `The call took longer than ${LIMITS.wallMs / 1000} s.`
  try {
    // This loads the code, and the clock of the billed call starts afterwards. Code that has replaced the runtime's own
    // functions can answer with an endless body, so this does not read the body.
    await withTimeout(LIMITS.wallMs, late, async (signal) => (await send({ signal })).body?.cancel())
    since = Date.now()
    const request = input === null ? { body: "" } : { body: input, path: "input" }
    const body = await withTimeout(LIMITS.wallMs, late, async (signal) =>
      readUpTo(LIMITS.resultBytes + 1, await send({ ...request, signal }), since + LIMITS.wallMs, late)
    )
    if (body === undefined) return failed(tooLarge)
    const durationMs = Date.now() - since
    const value = body.slice(1)
    if (body.startsWith("r") && isJson(value)) return { ok: true, result: value, durationMs }
    if (body.startsWith("e")) return { ok: false, error: parseError(value), durationMs }
    return failed({
      name: "Error",
      message: "The result cannot be read, because the code replaced functions that encode it."
    })
  } catch (cause) {
    const durationMs = Date.now() - since
    if (await isRuntimeFailure(loader, cause)) return { runtimeFailure: messageOf(cause), durationMs }
    return { ok: false, error: toRunError(cause), durationMs }
  }
}

/** Says why the runtime ended the code. */
const toRunError = (cause: unknown): RunError => {
  const message = messageOf(cause)
  if (cause instanceof DeadlineExceeded) return { name: "TimeoutError", message }
  if (/code had hung|never generate a response/.test(message))
    return { name: "TimeoutError", message: "The call never settles, because nothing is left that it could wait for." }
  if (/CPU/.test(message))
    return { name: "CpuLimitExceeded", message: `The code used more than ${LIMITS.cpuMs} ms of CPU time.` }
  if (/memory/i.test(message)) return { name: "MemoryLimitExceeded", message }
  return { name: "Error", message: message.slice(0, 2000) }
}
