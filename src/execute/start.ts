import { type Breakage, type Broken, insist, isBroken, wordsOf } from "./broken.ts"
import { LIMITS } from "./limits.ts"
import { load, type Loadable, type Loader, readUpTo, within } from "./loader.ts"

/** What code is started for: to serve requests, or to be called once. */
export type Purpose = "serve" | "run"

/** Whether code starts and can do what it is for; `message` is the runtime's own, or says what its exports lack. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly message: string }

/** A start that takes longer than this, in milliseconds, does not count as one. */
const startMillis = 10_000

/**
 * CPU that starting may take, in milliseconds: for a site the platform's own limit for a Worker's start; for code that is
 * called once what it will be given then, so that nobody pays for what cannot be started within it.
 */
const startCpu = { serve: 1_000, run: LIMITS.cpuMs } as const

/** Bytes that a verdict may have: more than a probe says by itself, and no more than may be held. */
const verdictBytes = 65_536

/**
 * Starts code in an isolate of its own, without bindings or network, and looks at its exports. None of them is called: a
 * module of ours, put beside the code, imports its main module and reports what it found.
 *
 * Rejects when it is the runtime that fails, again and again, and not the code.
 */
export const check = async (loader: Loader, code: Loadable, purpose: Purpose = "serve"): Promise<Verdict> => {
  const verdict = await tryOut(loader, code, purpose)
  if ("broken" in verdict) throw new Error(verdict.broken)
  return verdict
}

/** As `check`, for who wants to be told. */
export const tryOut = async (loader: Loader, code: Loadable, purpose: Purpose): Promise<Verdict | Broken> => {
  const main = Object.hasOwn(code.modules, code.mainModule) ? code.modules[code.mainModule] : undefined
  if (main === undefined) return { ok: false, message: `No such module: ${code.mainModule}` }
  // Our module could import either, but the runtime starts neither.
  if (typeof main !== "string" && !("js" in main)) return { ok: false, message: "Main module must be an ES module." }
  const probe = (purpose === "serve" ? serveProbe : runProbe)(JSON.stringify(`./${code.mainModule}`))
  const verdict = await insist(loader, () => askOnce(loader, code, probe, startCpu[purpose]))
  return "bent" in verdict ? { ok: false, message: verdict.bent } : verdict
}

const askOnce = async (loader: Loader, code: Loadable, probe: string, cpuMs: number): Promise<Verdict | Breakage> => {
  const since = Date.now()
  try {
    const { ask } = load(loader, code, probe, { cpuMs })
    const late = `The code did not finish starting within ${startMillis / 1000} s.`
    return await within(startMillis, late, async (signal) =>
      verdictIn(await readUpTo(verdictBytes, await ask("", signal), since + startMillis, late))
    )
  } catch (cause) {
    const durationMs = Date.now() - since
    if (await isBroken(loader, cause)) return { broken: wordsOf(cause), durationMs }
    return { ok: false, message: wordsOf(cause) }
  }
}

/** What the probe said; code that has bent the runtime's own functions can make it say anything. */
const verdictIn = (text: string | undefined): Verdict => {
  const said = read(text ?? "")
  const message = typeof said === "string" ? said : "The code answers for its start what cannot be read."
  return message === "" ? { ok: true } : { ok: false, message }
}

const read = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What Workers can serve with: an object, or a class that extends `WorkerEntrypoint`, with a `fetch` method. */
const serveProbe = (main: string): string => `
import { WorkerEntrypoint } from "cloudflare:workers"
import * as main from ${main}
// The runtime refuses exports that are neither classes nor handlers; it is to see those of the code.
export * from ${main}

const verdict = () => {
  if (!("default" in main)) return "The code has no default export; export default an object with a fetch handler."
  const value = main.default
  if (typeof value === "function" && value.prototype instanceof WorkerEntrypoint)
    return typeof value.prototype.fetch === "function" ? "" : "The default export's class has no fetch method."
  if (typeof value === "function")
    return "The default export is a function; export default an object with a fetch handler."
  if (typeof value !== "object" || value === null)
    return "The default export is " + (value === null ? "null" : typeof value) + ", not an object with a fetch handler."
  return typeof value.fetch === "function" ? "" : "The default export has no fetch handler."
}

export default { fetch: () => Response.json(verdict()) }
`

/** What can be called once: `run`, or the default export. */
const runProbe = (main: string): string => `
import * as main from ${main}

const verdict = () => {
  const value = typeof main.run === "function" ? main.run : main.default
  if (typeof value !== "function") return "The code exports neither a function run(input) nor a default function."
  return /^class\\b/.test(Function.prototype.toString.call(value)) ? "A class cannot be called; export a function run(input)." : ""
}

export default { fetch: () => Response.json(verdict()) }
`
