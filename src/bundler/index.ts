/**
 * Bundles a project, given as a map of paths to sources, to one ES module for Cloudflare Workers: esbuild in WebAssembly,
 * made so that it runs inside a Worker and no source can break it for the next. Plain TypeScript; needs the module alone.
 */
import { checkDefaultExport, checkRun } from "./project/default-export.ts"
import { compile, type Compiled, type Job, MAIN } from "./compiler/compile.ts"
import { BundleError, BundlerCrash, type Diagnostic } from "./diagnostics.ts"
import { layOut } from "./project/disk.ts"
import { findEntrypoint } from "./project/entrypoint.ts"
import { fetchGraph } from "./remote/fetching.ts"
import { BundlerBusy } from "./compiler/leases.ts"
import { checkOutput } from "./limits.ts"
import type { Context } from "./resolve/imports.ts"
import { makeSubpathTarget, readPackageJson } from "./project/package-json.ts"
import { Pool, type WaitUntil } from "./compiler/pool.ts"
import { readProject } from "./project/project.ts"
import { type ModuleCache, platformCache } from "./remote/module-cache.ts"
import { IMPORT_LIMITS, Remote } from "./remote/remote.ts"
import { boundWarnings } from "./compiler/warnings.ts"
import { readWranglerConfig, type WranglerConfig } from "./project/wrangler-config.ts"

export { BundleError, BundlerCrash, type Diagnostic, formatDiagnostic } from "./diagnostics.ts"
export { BundlerBusy } from "./compiler/leases.ts"
export { LIMITS } from "./limits.ts"
export type { WaitUntil } from "./compiler/pool.ts"
export type { ModuleCache } from "./remote/module-cache.ts"
export { IMPORT_LIMITS } from "./remote/remote.ts"

/** A program that is ready to run. */
export interface Bundle {
  /** The source file where it starts: `"src/index.ts"`. */
  readonly entrypoint: string
  /** The module's name: `"worker.js"`. */
  readonly main: string
  /** The module: ES2024, everything in one, importing only `node:`, `cloudflare:` and `workerd:` modules. */
  readonly code: string
  /** The compiler's warnings about the author's files: at most 20, each text and hint at most 500 UTF-16 units. */
  readonly warnings: ReadonlyArray<Diagnostic>
  /**
   * The source map of `code` as JSON text (version 3), where one was asked for (`sourceMap`). Its `sources` are the paths of
   * the files as they were sent; those of provided modules begin with `npm:`, of fetched ones with `https:`. Without the
   * sources themselves.
   */
  readonly map?: string
  /**
   * The flags that the program runs with: `["nodejs_compat"]`, or `[]` where its wrangler configuration lists flags without
   * that one and it imports no `node:` module.
   */
  readonly compatibilityFlags: ReadonlyArray<string>
}

export interface BundlerOptions {
  /** `esbuild-wasm/esbuild.wasm`, compiled. */
  readonly wasm: WebAssembly.Module
  /** How long compiling may take, in milliseconds; 15,000 unless told otherwise. It cannot interrupt wasm that computes. */
  readonly timeoutMs?: number
  /** The hosts that modules are fetched from, as in `https://esm.sh/zod@4`; only esm.sh unless told otherwise, none for `[]`. */
  readonly importHosts?: ReadonlyArray<string>
  /** Keeps fetched modules between builds; the platform's `caches.default`, where it has one, unless told otherwise. */
  readonly cache?: ModuleCache
  /** Fetches modules; the platform's own unless told otherwise. */
  readonly fetch?: typeof fetch
  /**
   * Lets a little work go on after a build, for example `waitUntil` of `cloudflare:workers`: then the compiler is made ready
   * for the next build while the answer travels. Without it the next build does that, in some two milliseconds.
   */
  readonly waitUntil?: WaitUntil
}

/** How one build differs from others. */
export interface BuildOptions {
  /** The program's purpose: to `serve` requests, which is the default, or to be called once: to `run`. */
  readonly purpose?: "serve" | "run"
  /**
   * Whether the source map is made as well. It takes a tenth more time, a sixth for the largest programs, so that it is made
   * for what is run, whose stack is told; a program that serves is built again with it once it fails to start. The code is
   * the same with and without.
   */
  readonly sourceMap?: boolean
}

export interface Bundler {
  /**
   * Builds are independent of each other. One that fetches nothing is over before any other event; of those that do, a few
   * may wait at the same time.
   *
   * @param build what the program is for.
   * @param files sources by path, relative to the project's root, for example `{ "src/index.ts": "export default …" }`.
   * @throws {BundleError} when the source does not bundle: its `diagnostics` say where, and what to do.
   * @throws {BundlerBusy} when too many builds are in flight in this isolate: try again.
   * @throws {BundlerCrash} when the compiler does not start: try again.
   */
  readonly bundle: (files: Readonly<Record<string, string>>, build?: BuildOptions) => Promise<Bundle>
}

/**
 * Makes a bundler. It keeps nothing of one build for the next but the modules that it fetched, so that a module may make
 * one for all its requests.
 *
 * ```ts
 * import { createBundler } from "./bundler/index.ts"
 * import wasm from "esbuild-wasm/esbuild.wasm"
 *
 * const { code } = await createBundler({ wasm }).bundle({ "index.ts": "export default { fetch: () => new Response() }" })
 * ```
 */
export const createBundler = (options: BundlerOptions): Bundler => {
  const { wasm, timeoutMs = 15_000, importHosts = ["esm.sh"] } = options
  const pool = poolOf(wasm)
  const hosts = new Set(importHosts.map((host) => host.toLowerCase()))

  const run = async (job: Job): Promise<Compiled> => {
    for (let round = 0; round < ROUNDS; round++) {
      const compiled = await pool.use(timeoutMs, (instance) => compile(instance, job), options.waitUntil).catch(asOurs)
      if (compiled.missing.size === 0) return compiled
      await pool.waiting.hold(IMPORT_LIMITS.timeMs + 1000, () => fetchGraph(job.context.remote, compiled.missing))
    }
    const text = `URL imports lead to further ones more than ${ROUNDS} levels deep`
    throw new BundleError([
      { file: "", line: 0, column: 0, text, hint: "Import a module that is bundled: add ?bundle." }
    ])
  }

  return {
    bundle: async (sent, { purpose = "serve", sourceMap = purpose === "run" } = {}) => {
      const { files } = readProject(sent)
      const packageJson = readPackageJson(files)
      const wrangler = readWranglerConfig(files)
      const { path: entrypoint, warnings } = findEntrypoint(files, packageJson, wrangler)
      const { disk, mayBeOwn } = layOut(files)
      const remote = new Remote({
        hosts,
        fetch: options.fetch ?? platformFetch,
        cache: options.cache ?? platformCache()
      })
      const context: Context = {
        files,
        disk,
        packageJson,
        remote,
        hosts,
        mayBeOwn,
        subpathTarget: makeSubpathTarget(files)
      }
      const compiled = await run({ context, entrypoint, sourceMap }).catch((error: unknown) => {
        throw error instanceof BundleError && remote.outage ? new BundleError(error.diagnostics, false) : error
      })
      const check = purpose === "serve" ? checkDefaultExport : checkRun
      const complaint = check(entrypoint, compiled.exports, compiled.code, files.get(entrypoint))
      if (complaint !== undefined) throw new BundleError([complaint])
      checkOutput(compiled.code)
      return {
        entrypoint,
        main: MAIN,
        code: compiled.code,
        ...(compiled.map === undefined ? {} : { map: compiled.map }),
        warnings: boundWarnings([...warnings, ...compiled.warnings], (file) => files.has(file)),
        compatibilityFlags: flagsFor(wrangler, compiled.externals)
      }
    }
  }
}

/** How often a build is begun anew because modules had to be fetched; nearly always twice is enough. */
const ROUNDS = 20

/** Node's modules and globals are there unless a wrangler configuration lists flags without it, and nothing imports them. */
const flagsFor = ({ compatibilityFlags }: WranglerConfig, externals: ReadonlyArray<string>): ReadonlyArray<string> =>
  compatibilityFlags === undefined ||
  compatibilityFlags.some((flag) => flag.startsWith("nodejs_compat")) ||
  externals.some((path) => path.startsWith("node:"))
    ? ["nodejs_compat"]
    : []

const asOurs = (cause: unknown): never => {
  if (cause instanceof BundleError || cause instanceof BundlerBusy) throw cause
  throw new BundlerCrash("The compiler did not start", { cause })
}

/** Not bound to anything: called as a method, the platform's refuses. */
const platformFetch: typeof fetch = (input, init) => fetch(input, init)

/** One for each isolate, however many bundlers there are. */
const pools = new WeakMap<WebAssembly.Module, Pool>()

const poolOf = (wasm: WebAssembly.Module): Pool => {
  const pool = pools.get(wasm) ?? new Pool(wasm)
  pools.set(wasm, pool)
  return pool
}
