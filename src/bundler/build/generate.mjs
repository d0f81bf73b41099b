// @ts-check
/**
 * Writes `src/bundler/generated` from the installed packages and npm's settings; nothing of them is committed. This is wrangler's
 * `build.command`, which `wrangler dev` repeats whenever a file below `src` changes, so a second run writes nothing: it
 * would start the next one. Plain JavaScript, because the machine's Node runs it, which may be too old for TypeScript.
 */
import { createHash } from "node:crypto"
import { mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { generateCompiler } from "./compiler.mjs"
import { FACTORY_PACKAGE, FACTORY_SOURCE, FACTORY_TYPES, generateFactory } from "./factory.mjs"
import { generateHono, HONO_PACKAGE, HONO_TYPES } from "./hono.mjs"
import { generateIsolate, ISOLATE_PACKAGES, ISOLATE_TYPES, isolateSources } from "./isolate.mjs"
import { findRegistry, REGISTRY_TYPES, registryModule } from "./registry.mjs"

/** @type {(path: string) => string} */
const local = (path) => fileURLToPath(new URL(path, import.meta.url))

/** The npm registry of this machine. */
const registry = await findRegistry()

const OUTPUTS = {
  "esbuild-factory.d.ts": async () => FACTORY_TYPES,
  "esbuild-factory.js": generateFactory,
  "hono.d.ts": async () => HONO_TYPES,
  "hono.js": generateHono,
  "isolate.d.ts": async () => ISOLATE_TYPES,
  "registry.d.ts": async () => REGISTRY_TYPES,
  "registry.js": async () => registryModule(registry)
}

/** The outputs come from these files and the registry. Packages do not change without their version or this text changing. */
const INPUTS = [
  local("code.mjs"),
  local("compiler.mjs"),
  local("factory.mjs"),
  local("hono.mjs"),
  local("merge-core.mjs"),
  local("reachable.mjs"),
  local("registry.mjs"),
  local("generate.mjs"),
  local("isolate.mjs"),
  local("wasm.mjs"),
  FACTORY_SOURCE,
  FACTORY_PACKAGE,
  HONO_PACKAGE,
  ...ISOLATE_PACKAGES,
  ...(await isolateSources())
]

/** The last file written: it says from what, and what came of it. */
const STAMP = "stamp.txt"

/** @type {(name: string) => string} */
const output = (name) => local(`../generated/${name}`)

/** @type {(path: string) => Promise<string>} */
const read = (path) => readFile(path, "utf8").catch(() => "")

/** @type {(path: string) => Promise<string>} */
const hashOf = (path) =>
  readFile(path).then(
    (bytes) => createHash("sha256").update(bytes).digest("hex"),
    () => ""
  )

/** @type {(texts: ReadonlyArray<string>) => string} */
const hash = (texts) => createHash("sha256").update(JSON.stringify(texts)).digest("hex")

/**
 * By way of another name, since two runs may meet and a third program may be reading.
 *
 * @type {(name: string, content: string | Uint8Array) => Promise<void>}
 */
const write = async (name, content) => {
  const path = output(name)
  if ((await read(path)) === content) return
  const unfinished = `${path}.${process.pid}`
  await writeFile(unfinished, content)
  await rename(unfinished, path)
}

/** The isolate's program contains the others, and the compiler is started by a program that does. */
const ISOLATE = "isolate.js"
const COMPILER = "esbuild.wasm"

const names = [...Object.keys(OUTPUTS), ISOLATE, COMPILER]
const stamp = async () =>
  hash([
    registry,
    ...(await Promise.all([
      ...INPUTS.map((path) => readFile(path, "utf8")),
      ...names.map((name) => hashOf(output(name)))
    ]))
  ])

if ((await read(output(STAMP))) !== (await stamp())) {
  await mkdir(local("../generated"), { recursive: true })
  await Promise.all(Object.entries(OUTPUTS).map(async ([name, generate]) => write(name, await generate())))
  await write(ISOLATE, await generateIsolate())
  await write(COMPILER, await generateCompiler())
  await write(STAMP, await stamp())
}
