import { caller } from "../isolate/call.ts"
import { LIMITS, tooLarge, type RunError } from "../limits.ts"
import { type Breakage, type Broken, insist, isBroken, wordsOf } from "./runtime-failure.ts"
import { load, type Loadable, type Loader, readUpTo, TooLate, within } from "./loader.ts"
import { errorIn, isJson } from "./outcome.ts"

export { LIMITS, type RunError } from "../limits.ts"
export type { Broken } from "./runtime-failure.ts"

/** The outcome of a run; `result` is the text of a JSON value, `durationMs` the time from the call to its end. */
export type Ran =
  | { readonly ok: true; readonly result: string; readonly durationMs: number }
  | { readonly ok: false; readonly error: RunError; readonly durationMs: number }

/**
 * Calls `run(input)`, or the default function, once, in an isolate of its own without bindings or network. When the runtime
 * fails it is called again, in another isolate: twice for one payment at most.
 *
 * @param input the text of a JSON value; null for a call without input.
 */
export const run = async (loader: Loader, code: Loadable, input: string | null): Promise<Ran | Broken> => {
  const ran = await insist(loader, () => callOnce(loader, code, input))
  if (!("bent" in ran)) return ran
  return { ok: false, error: { name: "Error", message: ran.bent.slice(0, 2000) }, durationMs: ran.durationMs }
}

const callOnce = async (loader: Loader, code: Loadable, input: string | null): Promise<Ran | Breakage> => {
  const { ask } = load(loader, code, caller, { cpuMs: LIMITS.cpuMs })
  let since = Date.now()
  const ended = (error: RunError): Ran => ({ ok: false, error, durationMs: Date.now() - since })
  const late = `It took longer than ${LIMITS.wallMs / 1000} s.`
  try {
    // Loads it; the clock of what is charged for starts with the call. Code that has bent the runtime's own functions can
    // answer this with a body that never ends: it is not read.
    await within(LIMITS.wallMs, late, async (signal) => (await ask({ signal })).body?.cancel())
    since = Date.now()
    const question = input === null ? { body: "" } : { body: input, path: "input" }
    const said = await within(LIMITS.wallMs, late, async (signal) =>
      readUpTo(LIMITS.resultBytes + 1, await ask({ ...question, signal }), since + LIMITS.wallMs, late)
    )
    if (said === undefined) return ended(tooLarge)
    const durationMs = Date.now() - since
    const value = said.slice(1)
    if (said.startsWith("r") && isJson(value)) return { ok: true, result: value, durationMs }
    if (said.startsWith("e")) return { ok: false, error: errorIn(value), durationMs }
    return ended({ name: "Error", message: "The code has bent what its answer is made with: it cannot be read." })
  } catch (cause) {
    const durationMs = Date.now() - since
    if (await isBroken(loader, cause)) return { broken: wordsOf(cause), durationMs }
    return { ok: false, error: limitMet(cause), durationMs }
  }
}

/** Tells why the runtime ended the code. */
const limitMet = (cause: unknown): RunError => {
  const message = wordsOf(cause)
  if (cause instanceof TooLate) return { name: "TimeoutError", message }
  if (/code had hung|never generate a response/.test(message))
    return { name: "TimeoutError", message: "The call never settles: nothing was left that it could wait for." }
  if (/CPU/.test(message)) return { name: "CpuLimitExceeded", message: `More than ${LIMITS.cpuMs} ms of CPU time.` }
  if (/memory/i.test(message)) return { name: "MemoryLimitExceeded", message }
  return { name: "Error", message: message.slice(0, 2000) }
}
