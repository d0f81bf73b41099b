import { harness } from "./harness.ts"
import { LIMITS, tooLarge, type RunError } from "./limits.ts"
import { HARNESS, load, type Loadable, type Loader, TooLate, within } from "./loader.ts"

export { LIMITS, type RunError } from "./limits.ts"

/** What became of a run; `result` is the text of a JSON value, `durationMs` the time from the call to its end. */
export type Ran =
  | { readonly ok: true; readonly result: string; readonly durationMs: number }
  | { readonly ok: false; readonly error: RunError; readonly durationMs: number }

/** It was the runtime that failed, with these words, and not the code: the same code may run another time. */
export interface Broken {
  readonly broken: string
}

/**
 * Calls `run(input)`, or the default function, once, in an isolate of its own without bindings or network.
 *
 * @param input the text of a JSON value; null for a call without input.
 */
export const run = async (loader: Loader, code: Loadable, input: string | null): Promise<Ran | Broken> => {
  const { ask } = load(loader, code, harness(JSON.stringify(`./${code.mainModule}`)), { cpuMs: LIMITS.cpuMs })
  let since = Date.now()
  const ended = (error: RunError): Ran => ({ ok: false, error, durationMs: Date.now() - since })
  const late = `It took longer than ${LIMITS.wallMs / 1000} s.`
  try {
    // Loads it; the clock of what is charged for starts with the call.
    await within(LIMITS.wallMs, late, async (signal) => (await ask("", signal)).arrayBuffer())
    since = Date.now()
    const path = input === null ? "" : "input"
    const said = await within(LIMITS.wallMs, late, async (signal) => read(await ask(path, signal, input ?? "")))
    if (said === undefined) return ended(tooLarge)
    const durationMs = Date.now() - since
    const value = said.slice(1)
    if (said.startsWith("r") && isJson(value)) return { ok: true, result: value, durationMs }
    if (said.startsWith("e")) return { ok: false, error: errorIn(value), durationMs }
    return ended({ name: "Error", message: "The code has bent what its answer is made with: it cannot be read." })
  } catch (cause) {
    const error = limitMet(cause)
    return "broken" in error ? error : ended(error)
  }
}

/** Reads an answer as far as one may go; `undefined` when there is more. Nothing that the code does is believed. */
const read = async (response: Response): Promise<string | undefined> => {
  const chunks: Array<Uint8Array> = []
  let size = 0
  const reader = response.body?.getReader()
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (value !== undefined) {
      chunks.push(value)
      size += value.length
    }
    if (size > LIMITS.resultBytes + 1) {
      await reader?.cancel()
      return undefined
    }
    if (done) break
  }
  const decoder = new TextDecoder()
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode()
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const errorIn = (text: string): RunError => {
  const said: unknown = isJson(text) ? JSON.parse(text) : {}
  const field = (name: string, length: number): string => {
    const value: unknown = typeof said === "object" && said !== null ? Reflect.get(said, name) : undefined
    return typeof value === "string" ? value.slice(0, length) : ""
  }
  const stack = field("stack", 4000)
    .split("\n")
    .filter((line) => !line.includes(HARNESS))
    .join("\n")
  return { name: field("name", 200) || "Error", message: field("message", 2000), ...(stack !== "" && { stack }) }
}

/** What the runtime says of code that it has ended, or of itself. */
const limitMet = (cause: unknown): RunError | Broken => {
  const message = cause instanceof Error ? cause.message : String(cause)
  if (cause instanceof TooLate) return { name: "TimeoutError", message }
  if (/code had hung|never generate a response/.test(message))
    return { name: "TimeoutError", message: "The call never settles: nothing was left that it could wait for." }
  if (/CPU/.test(message)) return { name: "CpuLimitExceeded", message: `More than ${LIMITS.cpuMs} ms of CPU time.` }
  if (/memory/i.test(message)) return { name: "MemoryLimitExceeded", message }
  if (/internal error|disconnected|network connection lost/i.test(message)) return { broken: message }
  return { name: "Error", message: message.slice(0, 2000) }
}
