// @ts-check
import { readdir, readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build, stop } from "esbuild-wasm"
import { withCore } from "./merge-core.mjs"

const ROOT = join(dirname(fileURLToPath(import.meta.resolve("hono"))), "..")

/** The installed package's own description: it lists what can be imported. */
export const HONO_PACKAGE = join(ROOT, "package.json")

/** These modules are for other places: the browser, other platforms, or the build of a site. */
const NOT_FOR_WORKERS = new Set([
  "hono/jsx/dom",
  "hono/jsx/dom/client",
  "hono/jsx/dom/css",
  "hono/jsx/dom/jsx-dev-runtime",
  "hono/jsx/dom/jsx-runtime",
  "hono/jsx/dom/server",
  "hono/ssg",
  "hono/aws-lambda",
  "hono/bun",
  "hono/cloudflare-pages",
  "hono/deno",
  "hono/lambda-edge",
  "hono/netlify",
  "hono/service-worker",
  "hono/vercel"
])

/**
 * `./utils/*`, the only export that stands for many.
 *
 * @type {(target: string) => Promise<Record<string, string>>}
 */
const readUtilities = async (target) => {
  const folder = join(ROOT, dirname(target))
  const files = (await readdir(folder)).filter((file) => file.endsWith(".js"))
  return Object.fromEntries(files.map((file) => [`hono/utils/${file.slice(0, -3)}`, join(folder, file)]))
}

const readEntries = async () => {
  /** @type {{ readonly exports: Readonly<Record<string, { readonly import?: unknown }>> }} */
  const { exports } = JSON.parse(await readFile(HONO_PACKAGE, "utf8"))
  /** @type {Record<string, string>} */
  const entries = {}
  for (const [subpath, { import: file }] of Object.entries(exports)) {
    if (typeof file !== "string") throw new Error(`hono's export ${subpath} has no module`)
    if (subpath === "./utils/*") Object.assign(entries, await readUtilities(file))
    else if (subpath.includes("*")) throw new Error(`hono's export ${subpath} stands for many`)
    else entries[`hono${subpath.slice(1)}`] = join(ROOT, file)
  }
  for (const specifier of NOT_FOR_WORKERS) {
    if (!Object.hasOwn(entries, specifier)) throw new Error(`hono no longer exports ${specifier}`)
    delete entries[specifier]
  }
  return entries
}

/**
 * Chunks are found by file name beside each other, entries by specifier: every import must lead to a chunk or outside.
 *
 * @type {(outputs: import("esbuild-wasm").Metafile["outputs"]) => void}
 */
const checkImports = (outputs) => {
  for (const [file, output] of Object.entries(outputs))
    for (const { path, external } of output.imports)
      if (external === true ? !/^(node|cloudflare):/.test(path) : !/^chunk-\w+\.js$/.test(path))
        throw new Error(`hono's ${file} imports ${path}`)
}

/** @type {(path: string) => string} */
const moduleId = (path) => path.slice(ROOT.length + 1).replace(/^(hono.*)\.js$/, "$1")

/**
 * Every entry also imports its chunks without taking anything from them, for their side effects. hono's modules have
 * none, so these imports would only be resolved, and complained about, in every build. A module of types comes out empty,
 * and would be taken for CommonJS, which may export anything.
 *
 * @type {(text: string) => string}
 */
const moduleSource = (text) => text.replace(/import"(\.{1,2}\/)+chunk-\w+\.js";/g, "").trim() || "export {}"

/**
 * All of hono that makes sense in a Worker, as a JavaScript module: `version` is hono's, `modules` maps module ids to
 * source. Code that several entrypoints share is in chunks of its own, so that there is one `HTTPException` however many of
 * them are imported.
 *
 * @throws when the package does not look as expected.
 */
export const generateHono = async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: await readEntries(),
    // The names and the order of chunks depend on paths from here, and must be the same wherever the repository is.
    absWorkingDir: ROOT,
    outdir: ROOT,
    chunkNames: "chunk-[hash]",
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    minify: true,
    logLevel: "silent",
    format: "esm",
    platform: "neutral",
    target: "es2022",
    external: ["node:*", "cloudflare:*"]
  })
  checkImports(metafile.outputs)
  const all = Object.fromEntries(outputFiles.map(({ path, text }) => [moduleId(path), moduleSource(text)]))
  const modules = await withCore(all, "hono")
  await stop()
  for (const specifier of ["hono", "hono/cors", "hono/jsx/jsx-runtime"])
    if (!Object.hasOwn(modules, specifier)) throw new Error(`hono did not yield ${specifier}`)
  /** @type {{ readonly version: string }} */
  const { version } = JSON.parse(await readFile(HONO_PACKAGE, "utf8"))
  return `// Generated from hono's package.
export const version = ${JSON.stringify(version)}
export const ids = ${JSON.stringify(Object.keys(modules))}
export const readModules = () => (${JSON.stringify(modules, undefined, 1)})
`
}

/** The generated module's types. The sources are in a function, because an engine reads constants when an isolate starts. */
export const HONO_TYPES = `/** The version of hono. */
export declare const version: string
/** The module ids: import specifiers, and the file names of chunks. */
export declare const ids: ReadonlyArray<string>
/** Returns the sources by module id, made anew by each call. */
export declare const readModules: () => Readonly<Record<string, string>>
`
