// @ts-check
/**
 * Makes one text of the program of the isolates that build with packages (`../isolate/main.ts`). A Worker cannot read its own
 * code, so the gateway contains the bundler a second time, as this text.
 */
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build, stop } from "esbuild-wasm"

const ROOT = fileURLToPath(new URL("..", import.meta.url))

/** The platform names entrypoints by their class, which `src/bundler` cannot import. */
const ENTRYPOINT = `
import { WorkerEntrypoint } from "cloudflare:workers"
import { build } from "./isolate/main.ts"
export default class extends WorkerEntrypoint {
  start() {}
  build(request, outbound, deliver) { return build(request, outbound, deliver) }
}
`

/**
 * Modules that the loader puts beside the text: the gateway has them already.
 *
 * @type {import("esbuild-wasm").Plugin}
 */
const beside = {
  name: "beside",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /\/esbuild\.wasm$/ }, () => ({ path: "./esbuild.wasm", external: true }))
    onResolve({ filter: /^\.\/hono\.json$/ }, ({ path }) => ({ path, external: true }))
    onLoad({ filter: /[\\/]generated[\\/]hono\.js$/ }, () => ({
      contents:
        'import hono from "./hono.json"\nexport const { version, modules } = hono\n' +
        "export const ids = Object.keys(modules)\nexport const readModules = () => modules"
    }))
  }
}

/**
 * The files that the text is made of, beside packages and the other generated files.
 *
 * @type {() => Promise<ReadonlyArray<string>>}
 */
export const isolateSources = async () => {
  const paths = await readdir(ROOT, { recursive: true })
  return paths
    .filter((path) => path.endsWith(".ts") && !path.startsWith("generated"))
    .toSorted()
    .map((path) => join(ROOT, path))
}

/** The descriptions of the packages in the text, for their versions. */
export const ISOLATE_PACKAGES = [
  fileURLToPath(import.meta.resolve("semver/package.json")),
  // It does not export its description.
  fileURLToPath(new URL("../package.json", import.meta.resolve("smol-toml")))
]

/** @throws if the bundler does not bundle. */
export const generateIsolate = async () => {
  const { outputFiles } = await build({
    stdin: { contents: ENTRYPOINT, resolveDir: ROOT, loader: "js" },
    bundle: true,
    write: false,
    minify: true,
    logLevel: "silent",
    format: "esm",
    platform: "browser",
    conditions: ["workerd", "worker", "browser"],
    target: "es2024",
    supported: { using: true },
    external: ["node:*", "cloudflare:workers"],
    plugins: [beside]
  })
  await stop()
  return `// Generated from src/bundler.\nexport const program = () => ${JSON.stringify(outputFiles[0]?.text)}\n`
}

/**
 * The generated module's types. It has a function, because an engine reads the text of a constant when the isolate starts: that
 * made a tenth of the gateway's cold start.
 */
export const ISOLATE_TYPES = `/** Returns the program of the isolates that build with packages: the text of an ES module. */
export declare const program: () => string
`
