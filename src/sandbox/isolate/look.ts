import { callable } from "./callable.ts"
import type { Names } from "./names.ts"
import { importing } from "./intrinsics.ts"

// The modules that look at code which was started, and never call it. They answer a letter and a text:
//   k          it can do what it is for
//   h          so it can, and it words the stacks of errors itself
//   n message  it cannot, and why
//   t JSON     it threw when it started: name, message, stack
// The author's module is imported by evaluation, not by the loader, so that what it throws can be told with its stack;
// still it is the start, and no request.

const frame = ({ intrinsics, holder }: Names, names: string, judge: string) => `
import { WorkerEntrypoint, DurableObject, WorkflowEntrypoint } from "cloudflare:workers"
${importing(`answer, thrown, ${names}`, intrinsics)}
${judge}
let found
try {
  const { main } = await import(${JSON.stringify(`./${holder}`)})
  found = judge(main)
} catch (cause) {
  found = "t" + thrown(cause)
}

export default class extends WorkerEntrypoint {
  fetch() {
    return answer(typeof found === "string" ? found : found(this.ctx, this.env))
  }
}
`

/** Finds what serves: an object with a `fetch`, or a class that extends `WorkerEntrypoint`, as the runtime judges. */
export const lookToServe = (names: Names): string =>
  frame(
    names,
    "construct, getPrototypeOf, isHooked, ObjectPrototype, ownKeys, text",
    `
const able = () => (isHooked() ? "h" : "k")
const kindOf = (value) => (value === null ? "null" : typeof value === "undefined" ? "undefined" : "a " + typeof value)

/** Which base class of the platform's a class has. */
const baseOf = (value) => {
  for (let at = value; at !== null; at = getPrototypeOf(at))
    if (at === WorkerEntrypoint || at === DurableObject || at === WorkflowEntrypoint) return at
}

/** Whether every prototype on the way is an ordinary object's; what a proxy throws is for the runtime to meet. */
const endsInObject = (value) => {
  try {
    for (let at = value; at !== null; at = getPrototypeOf(at)) if (at === ObjectPrototype) return true
    return false
  } catch {
    return true
  }
}

/** The fetch of the default export where that is an object, and the exports that are none for a Worker, in lines. */
const readExports = (main) => {
  const found = { odd: "", fetch: undefined }
  const names = ownKeys(main)
  // In the runtime's order, which reads each handler once: a getter may answer another time what it did not before.
  for (let i = 0; i < names.length; i++) {
    const name = names[i]
    if (typeof name !== "string") continue
    const value = main[name]
    if (typeof value === "function") continue
    if (typeof value !== "object" || value === null) found.odd += "\\n" + name + "\\t" + kindOf(value)
    else {
      const { fetch } = value
      if (name === "default") found.fetch = fetch
      if (!endsInObject(value)) found.odd += "\\n" + name + "\\tan object without Object.prototype"
    }
  }
  return found
}

const judge = (main) => {
  if (!("default" in main)) return "nThe code has no default export; export default an object with a fetch handler."
  const { odd, fetch } = readExports(main)
  if (odd !== "") return "x" + odd
  const value = main.default
  if (typeof value !== "function")
    return typeof fetch === "function" ? able() : "nThe default export has no fetch handler."
  const base = baseOf(value)
  if (base === DurableObject)
    return "nThe default export is a Durable Object's class; export default an object with a fetch handler."
  if (base === undefined)
    return "nThe default export is a function or a class of its own; export default an object with a fetch handler."
  try {
    if (typeof value.prototype.fetch === "function") return able()
  } catch {}
  // Its fetch may be a field, which only an instance has. The runtime makes one for each request; what that throws is the
  // code's own answer to a request, and no failed start.
  return (ctx, env) => {
    try {
      const made = construct(value, [ctx, env])
      return typeof made.fetch === "function" ? able() : "nThe default export's class has no fetch method."
    } catch {
      return able()
    }
  }
}
`
  )

/** Finds what to call once; see `callable`. */
export const lookToRun = (names: Names): string =>
  frame(
    names,
    "codeAt, slice, sourceOf",
    `
${callable}
const isClass = (value) => {
  const source = sourceOf(value)
  const after = codeAt(source, 5)
  // Neither a letter, nor a digit, nor one of "$" and "_".
  return slice(source, 0, 5) === "class" && (after === 32 || after === 123 || after === 10)
}

const judge = (main) => {
  const found = callable(main)
  if (found === undefined) return "nThe code exports neither a function run(input) nor a default function."
  return isClass(found.call) ? "nA class cannot be called; export a function run(input)." : "k"
}
`
  )
