// @ts-check
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"

/** The installed browser build of esbuild. */
export const FACTORY_SOURCE = fileURLToPath(import.meta.resolve("esbuild-wasm/esm/browser.min.js"))

/** Its package's description, for its version. */
export const FACTORY_PACKAGE = fileURLToPath(import.meta.resolve("esbuild-wasm/package.json"))

/**
 * How often the library's text says these, in the version that the host (`../compiler/worker-shim.ts`) was written for.
 *
 * @type {ReadonlyArray<readonly [text: string, times: number]>}
 */
const EXPECTED = [
  ["new Worker(URL.createObjectURL(", 1],
  ["new Blob(", 1],
  [".terminate()", 1]
]

/** The Go program's glue, once as text for a web worker, and once for a compiler that runs in place. Ours is `../compiler/go/GoProgram.ts`. */
const WORKER_TEXT = /new Blob\(\[(['"`])onmessage=(?:(?!\1)[^\\]|\\.)*\1/s

/** @type {(text: string, part: string) => number} */
const occurrences = (text, part) => text.split(part).length - 1

/**
 * The library as a function. As published, it is a module with one compiler for all that import it, and that compiler is
 * bound to the request that started it. Wrapped into a function that is given its globals, every call makes another.
 *
 * @throws when the library does not look as expected; then read its changes, and mend the host before this.
 */
export const generateFactory = async () => {
  const source = await readFile(FACTORY_SOURCE, "utf8")
  const exported = /export\{([^{}]*)\};?\s*$/.exec(source)
  if (exported?.[1] === undefined) throw new Error(`${FACTORY_SOURCE} does not end with its exports`)
  const body = source.slice(0, exported.index)
  const names = new Map(
    exported[1].split(",").map((it) => /** @type {[string, string]} */ (it.trim().split(" as ").toReversed()))
  )
  const members = ["build", "initialize", "stop"].map((name) => {
    const local = names.get(name)
    if (local === undefined) throw new Error(`${FACTORY_SOURCE} does not export ${name}`)
    return `${name}: ${local}`
  })
  if (/(^|[;}\n])(import|export)[\s{*"']/.test(body))
    throw new Error(`${FACTORY_SOURCE} imports or exports in its midst`)
  for (const [text, times] of EXPECTED) {
    const found = occurrences(body, text)
    if (found !== times) throw new Error(`${FACTORY_SOURCE} says ${text} ${found} times, not ${times}`)
  }
  if (!WORKER_TEXT.test(body)) throw new Error(`${FACTORY_SOURCE} does not hold its worker as text`)
  /** @type {{ readonly version: string }} */
  const { version } = JSON.parse(await readFile(FACTORY_PACKAGE, "utf8"))
  return `// Generated from esbuild-wasm's browser build.
export const version = ${JSON.stringify(version)}
export const createEsbuild = ({ Worker, Blob, URL, console }) => {
${body.replace(WORKER_TEXT, "new Blob([")}
return { ${members.join(", ")} }
}
`
}

/** The factory's types: the globals that the library is given. */
export const FACTORY_TYPES = `import type { build, initialize, stop } from "esbuild-wasm"

/** The globals that the library is given. */
export interface EsbuildHost {
  readonly Worker: new () => {
    onmessage: (message: { readonly data: Uint8Array | null }) => void
    readonly postMessage: (data: Uint8Array) => void
    readonly terminate: () => void
  }
  readonly Blob: new () => object
  readonly URL: { readonly createObjectURL: () => string }
  readonly console: Record<"log" | "warn", (...words: Array<unknown>) => void>
}

/** The compiler's, which it also asks for when it starts. */
export declare const version: string

export declare const createEsbuild: (host: EsbuildHost) => {
  readonly build: typeof build
  readonly initialize: typeof initialize
  readonly stop: typeof stop
}
`
