import { load, type Loadable, type Loader, within } from "./loader.ts"

/** What code is started for: to serve requests, or to be called once. */
export type Purpose = "serve" | "run"

/** Whether code starts and can do what it is for; `message` is the runtime's own, or says what its exports lack. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly message: string }

/** A start that takes longer than this, in milliseconds, does not count as one. */
const startMillis = 10_000

/** CPU that starting may take, in milliseconds: the platform's own limit for a Worker's start. */
const startCpu = 1_000

/**
 * Starts code in an isolate of its own, without bindings or network, and looks at its exports. None of them is called: a
 * module of ours, put beside the code, imports its main module and reports what it found.
 */
export const check = async (loader: Loader, code: Loadable, purpose: Purpose = "serve"): Promise<Verdict> => {
  const main = Object.hasOwn(code.modules, code.mainModule) ? code.modules[code.mainModule] : undefined
  if (main === undefined) return { ok: false, message: `No such module: ${code.mainModule}` }
  // Our module could import either, but the runtime starts neither.
  if (typeof main !== "string" && !("js" in main)) return { ok: false, message: "Main module must be an ES module." }
  const probe = (purpose === "serve" ? serveProbe : runProbe)(JSON.stringify(`./${code.mainModule}`))
  try {
    const { ask } = load(loader, code, probe, { cpuMs: startCpu })
    const late = `The code did not finish starting within ${startMillis / 1000} s.`
    return await within(startMillis, late, async (signal) => verdictIn(await (await ask("", signal)).json()))
  } catch (cause) {
    return { ok: false, message: cause instanceof Error ? cause.message : String(cause) }
  }
}

/** What the probe said; code that has bent the runtime's own functions can make it say anything. */
const verdictIn = (said: unknown): Verdict => {
  const message = typeof said === "string" ? said : "The code answers for its start what cannot be read."
  return message === "" ? { ok: true } : { ok: false, message }
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
