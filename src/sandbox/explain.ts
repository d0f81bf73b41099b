import type { InvalidExport } from "./worker/inspect-exports.ts"

/** Explains an error to the author of the code: the cause, and the fix. */
export interface Explanation {
  readonly text: string
  readonly hint?: string
}

/**
 * The runtime's errors at a start or in a run, by kind (workerd: `jsg/modules*.c++`, `jsg/util.c++`,
 * `io/io-context.c++`, `io/worker.c++`), and what an author can do about them.
 */
const EXPLANATIONS: ReadonlyArray<readonly [RegExp, (...parts: ReadonlyArray<string>) => Explanation]> = [
  [
    /Disallowed operation called within global scope/,
    () => ({
      text: "The code uses fetch or other I/O, a timer or a random value while it starts. Only a request may do that.",
      hint: "Do it in the handler, or at the first request."
    })
  ],
  [
    /Top-level await in module is unsettled/,
    () => ({
      text: "A top-level await never settles, because a start cannot wait for I/O or timers.",
      hint: "Await in the handler, or at the first request."
    })
  ],
  [
    /^(?:\w*Error: )?Dynamic require of "([^"\n]*)" is not supported/,
    (_, name = "") => ({
      text: `require(${JSON.stringify(name)}) finds no module at run time.`,
      hint: `Import it: import it from ${JSON.stringify(name)}`
    })
  ],
  [
    /^(?:No such module "|Module not found: )([^"\n]*)/,
    (_, name = "") => ({
      text: `The runtime has no module ${JSON.stringify(name)}.`,
      hint: "Send that file, or import a module that Workers have."
    })
  ],
  [
    /^(?:TypeError: )?'get' on proxy: property 'fetch' is a read-only/,
    () => ({
      text: "The default export is frozen, and the host puts a proxy before it because the project has assets.",
      hint: "Export an object that is not frozen."
    })
  ],
  [
    /not permitted to access the internet via global functions/,
    () => ({ text: "This code has no network: fetch and connect are not permitted." })
  ],
  [
    /code had hung|never generate a response/,
    () => ({ text: "The call never settles, because nothing is left that it could wait for." })
  ],
  [/exceeded CPU|CPU time limit/i, () => ({ text: "The code takes too much CPU time to start." })],
  [
    /exceeded memory|exceeded its memory|memory limit/i,
    () => ({ text: "The code needs more memory than a Worker has." })
  ],
  [
    /^internal error; reference/,
    () => ({
      text: "The runtime cannot read the exports of the code.",
      hint: "The usual cause is an export that is a proxy whose traps throw. Export a plain object."
    })
  ],
  [
    /Incorrect type for map entry '([^']*)'/,
    (_, name = "") => explainExport({ name, kind: "of a type that a Worker may not export" })
  ],
  [
    /Cannot initialize \S* with required members from an undefined or null value/,
    () => ({
      text: "An export is null or undefined. " + ALLOWED_EXPORTS,
      hint: "Do not export it, or move it to another file and import it from there."
    })
  ],
  [
    /prototype chain does not end in Object/,
    () => ({
      text: "An export does not inherit from Object.prototype, which Workers require.",
      hint: "Export an ordinary object, without __proto__: null or Object.create(null)."
    })
  ]
]

const ALLOWED_EXPORTS = "The main file of a Worker may export only objects with handlers, functions and classes."

/** Explains an export that a Worker may not have. */
export const explainExport = ({ name, kind }: InvalidExport): Explanation => {
  const which = name === "default" ? "The default export" : `The export ${name}`
  if (kind.includes("Object.prototype"))
    return {
      text: `${which} does not inherit from Object.prototype, which Workers require.`,
      hint: "Export an ordinary object, without __proto__: null or Object.create(null)."
    }
  return name === "default"
    ? { text: `${which} is ${kind}, not an object with a fetch handler.` }
    : {
        text: `${which} is ${kind}. ${ALLOWED_EXPORTS}`,
        hint: `Remove "export" before ${name}, or move it to another file and import it from there.`
      }
}

/** Removes what only the runtime's developers can read: names of C++ types, and internal prefixes. */
const readable = (message: string): string =>
  message
    .replace(/^Failed to start Worker:\n/, "")
    .replace(/^Uncaught /, "")
    .replace(/^(?:remote\.)?(?:broken\.\w+; )?(?:jsg\.)(?=\w*(?:Error|Exception)\b)/, "")
    .replace(/^(?:Error: )(?=\S)/, "")
    .replace(/\b(?:N\d[\w]*E|(?:kj|jsg|workerd|v8)::[\w:<>]+)/g, "a value of the runtime's")
    .split("\n")
    .filter((line) => !/^\s+at .*:\d+:\d+/.test(line) && !/^\s+imported from /.test(line))
    .join("\n")

/** The most UTF-16 units of a message that are read. */
const MAX_MESSAGE = 4000

/** Explains a message of the runtime. The author's own messages stay as they are. */
export const explain = (message: string): Explanation => {
  const readableMessage = readable(message.slice(0, MAX_MESSAGE))
  for (const [pattern, explained] of EXPLANATIONS) {
    const found = pattern.exec(readableMessage)
    if (found !== null) return explained(...found)
  }
  return { text: readableMessage }
}
