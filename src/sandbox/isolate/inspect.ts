import { callable } from "./callable.ts"
import type { Names } from "./names.ts"
import { importFrom } from "./intrinsics.ts"

// The modules that start code and inspect its exports, and never call them. They answer a letter and a text:
//   k          the exports can serve the purpose
//   h          as k, and the code sets Error.prepareStackTrace
//   n message  the exports cannot serve the purpose, and why
//   x lines    some exports are not allowed in a Worker: name, tab, kind
//   t JSON     the code threw when it started: name, message, stack
// They import the author's module by evaluation, not by the loader, so that they can report what it throws with its stack.
// It is still the start, and no request. `startToServe` imports it by the loader, and reports only what can serve.

const inspectorModule = ({ intrinsics, holder }: Names, names: string, inspect: string) => `
import { WorkerEntrypoint, DurableObject, WorkflowEntrypoint } from "cloudflare:workers"
${importFrom(`answer, thrown, ${names}`, intrinsics)}
${inspect}
let report
try {
  const { main } = await import(${JSON.stringify(`./${holder}`)})
  report = inspect(main)
} catch (cause) {
  report = "t" + thrown(cause)
}

export default class extends WorkerEntrypoint {
  fetch() {
    return answer(typeof report === "string" ? report : report(this.ctx, this.env))
  }
}
`

/** The names of the intrinsics that `SERVE` needs. */
const SERVE_NAMES = "construct, getPrototypeOf, isHooked, ObjectPrototype, ownKeys, text"

/** Looks for a request handler: an object with a `fetch`, or a class that extends `WorkerEntrypoint`, as the runtime does. */
const SERVE = `
const usable = () => (isHooked() ? "h" : "k")
const kindOf = (value) => (value === null ? "null" : typeof value === "undefined" ? "undefined" : "a " + typeof value)

/** The base class of the platform's that a class extends. */
const baseOf = (value) => {
  for (let at = value; at !== null; at = getPrototypeOf(at))
    if (at === WorkerEntrypoint || at === DurableObject || at === WorkflowEntrypoint) return at
}

/** Whether the prototype chain ends in Object.prototype. True for a proxy that throws: the runtime reports that. */
const endsInObject = (value) => {
  try {
    for (let at = value; at !== null; at = getPrototypeOf(at)) if (at === ObjectPrototype) return true
    return false
  } catch {
    return true
  }
}

/** The fetch of the default export where that is an object, and the exports that a Worker may not have, in lines. */
const readExports = (main) => {
  const found = { invalid: "", fetch: undefined }
  const names = ownKeys(main)
  // In the runtime's order, which reads each handler once: a getter may return something else the next time.
  for (let i = 0; i < names.length; i++) {
    const name = names[i]
    if (typeof name !== "string") continue
    const value = main[name]
    if (typeof value === "function") continue
    if (typeof value !== "object" || value === null) found.invalid += "\\n" + name + "\\t" + kindOf(value)
    else {
      const { fetch } = value
      if (name === "default") found.fetch = fetch
      if (!endsInObject(value)) found.invalid += "\\n" + name + "\\tan object without Object.prototype"
    }
  }
  return found
}

const inspect = (main) => {
  if (!("default" in main)) return "nThe code has no default export. Export default an object with a fetch handler."
  const { invalid, fetch } = readExports(main)
  if (invalid !== "") return "x" + invalid
  const value = main.default
  if (typeof value !== "function")
    return typeof fetch === "function" ? usable() : "nThe default export has no fetch handler."
  const base = baseOf(value)
  if (base === DurableObject)
    return "nThe default export is the class of a Durable Object. Export default an object with a fetch handler."
  if (base === undefined)
    return "nThe default export is a function, or a class that is no WorkerEntrypoint. Export default an object with a fetch handler."
  try {
    if (typeof value.prototype.fetch === "function") return usable()
  } catch {}
  // Its fetch may be a field, which only an instance has. The runtime makes one for each request; an error that this throws
  // is the code's own answer to a request, and no failed start.
  return (ctx, env) => {
    try {
      const made = construct(value, [ctx, env])
      return typeof made.fetch === "function" ? usable() : "nThe default export's class has no fetch method."
    } catch {
      return usable()
    }
  }
}
`

/** Looks for a request handler in the author's main module. */
export const inspectToServe = (names: Names): string => inspectorModule(names, SERVE_NAMES, SERVE)

/**
 * Looks for a request handler, and also re-exports all exports of the author's module, so that the runtime validates them when it
 * starts this one. So one isolate shows both. The runtime tells what fails otherwise than for the author's own main module.
 *
 * @param author the author's main module.
 * @param entrypoint the name of the entrypoint that answers, a random text.
 */
export const startToServe =
  (author: string, entrypoint: string) =>
  ({ intrinsics, holder }: Names): string =>
    `
import { WorkerEntrypoint, DurableObject, WorkflowEntrypoint } from "cloudflare:workers"
${importFrom(`answer, ${SERVE_NAMES}`, intrinsics)}
import { main } from ${JSON.stringify(`./${holder}`)}
export * from ${JSON.stringify(`./${author}`)}
export { default } from ${JSON.stringify(`./${author}`)}
${SERVE}
// The exports are read before the runtime reads them, as it is at the host: a getter may return something else the next time.
const report = inspect(main)
export class ${entrypoint} extends WorkerEntrypoint {
  fetch() {
    return answer(typeof report === "string" ? report : report(this.ctx, this.env))
  }
}
`

/** Looks for a function that can be called once; see `callable`. */
export const inspectToRun = (names: Names): string =>
  inspectorModule(
    names,
    "codeAt, slice, sourceOf",
    `
${callable}
const isClass = (value) => {
  const source = sourceOf(value)
  const after = codeAt(source, 5)
  // A space, "{" or a line break: "class" is a word of its own.
  return slice(source, 0, 5) === "class" && (after === 32 || after === 123 || after === 10)
}

const inspect = (main) => {
  const found = callable(main)
  if (found === undefined) return "nThe code exports neither a function run(input) nor a default function."
  return isClass(found.call) ? "nA class cannot be called. Export a function run(input)." : "k"
}
`
  )
