import type { OddExport } from "./worker/look.ts"

/** Tells an author in familiar words what is wrong, and what to do. */
export interface Explanation {
  readonly text: string
  readonly hint?: string
}

/**
 * The runtime's errors at a start or in a run, by kind (workerd: `jsg/modules*.c++`, `jsg/util.c++`,
 * `io/io-context.c++`, `io/worker.c++`), and what an author can do about them.
 */
const kinds: ReadonlyArray<readonly [RegExp, (...parts: ReadonlyArray<string>) => Explanation]> = [
  [
    /Disallowed operation called within global scope/,
    () => ({
      text: "The code does something when it starts that only a request may do: fetch or other I/O, a timer, or a random value.",
      hint: "Do it in the handler, or when the first request comes."
    })
  ],
  [
    /Top-level await in module is unsettled/,
    () => ({
      text: "A top-level await never settles: a start cannot wait for I/O or timers.",
      hint: "Await in the handler, or when the first request comes."
    })
  ],
  [
    /^(?:\w*Error: )?Dynamic require of "([^"\n]*)" is not supported/,
    (_, name = "") => ({
      text: `require(${JSON.stringify(name)}) finds no module when the code runs.`,
      hint: `Import it: import it from ${JSON.stringify(name)}`
    })
  ],
  [
    /^(?:No such module "|Module not found: )([^"\n]*)/,
    (_, name = "") => ({
      text: `The runtime has no module ${JSON.stringify(name)}.`,
      hint: "Send the file along, or import a module that Workers have."
    })
  ],
  [
    /not permitted to access the internet via global functions/,
    () => ({ text: "This code has no network: fetch and connect are not permitted." })
  ],
  [
    /code had hung|never generate a response/,
    () => ({ text: "The call never settles: nothing was left that it could wait for." })
  ],
  [/exceeded CPU|CPU time limit/i, () => ({ text: "The code takes more CPU time than it may to start." })],
  [
    /exceeded memory|exceeded its memory|memory limit/i,
    () => ({ text: "The code takes more memory than a Worker has." })
  ],
  [
    /^internal error; reference/,
    () => ({
      text: "The runtime cannot read the exports of the code.",
      hint: "Usually an export is a proxy whose traps throw: export a plain object."
    })
  ],
  [
    /Incorrect type for map entry '([^']*)'/,
    (_, name = "") => exportExplained({ name, what: "nothing that a Worker may export" })
  ],
  [
    /Cannot initialize \S* with required members from an undefined or null value/,
    () => ({
      text: "An export is null or undefined. " + mayBe,
      hint: "Keep it unexported, or move it to another file and import it from there."
    })
  ],
  [
    /prototype chain does not end in Object/,
    () => ({
      text: "An export does not inherit from Object.prototype, which Workers demand.",
      hint: "Export an ordinary object, without __proto__: null or Object.create(null)."
    })
  ]
]

const mayBe = "The main file of a Worker may export only objects with handlers, functions and classes."

/** An export that is none for a Worker. */
export const exportExplained = ({ name, what }: OddExport): Explanation => {
  const which = name === "default" ? "The default export" : `The export ${name}`
  if (what.includes("Object.prototype"))
    return {
      text: `${which} does not inherit from Object.prototype, which Workers demand.`,
      hint: "Export an ordinary object, without __proto__: null or Object.create(null)."
    }
  return name === "default"
    ? { text: `${which} is ${what}, not an object with a fetch handler.` }
    : {
        text: `${which} is ${what}. ${mayBe}`,
        hint: `Remove "export" before ${name}, or move it to another file and import it from there.`
      }
}

/** Without what only the runtime's own authors can read: names of C++ types, and its prefixes. */
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

/** More of a message is not looked at, in UTF-16 units. */
const MAX_MESSAGE = 4000

/** A message of the runtime, or of what the code threw, explained; as it is, where it is the author's own. */
export const explain = (message: string): Explanation => {
  const words = readable(message.slice(0, MAX_MESSAGE))
  for (const [pattern, explained] of kinds) {
    const found = pattern.exec(words)
    if (found !== null) return explained(...found)
  }
  return { text: words }
}
