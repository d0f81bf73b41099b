/**
 * Bundles a project, given as a map of paths to sources, to one ES module for Cloudflare Workers: esbuild in WebAssembly,
 * hosted so that it runs inside a Worker and no source can affect the next build. Plain TypeScript without Effect.
 */
import { checkDefaultExport, checkRun } from "./project/default-export.ts"
import type { Bundle, BuildOptions } from "./bundle.ts"
import { MAIN } from "./compiler/compile.ts"
import { compileWithoutPackages, compileWithPackages, poolsOf } from "./compile-project.ts"
import { BundleError } from "./diagnostics.ts"
import type { FileContent } from "./files/base64.ts"
import { describeProgram, describeSite } from "./files/describe.ts"
import { type Modules, projectPlugins } from "./files/import-files.ts"
import { readProject } from "./files/read-project.ts"
import { findKind } from "./files/static-site.ts"
import { layOut } from "./project/disk.ts"
import { findEntrypoint } from "./project/entrypoint.ts"
import { type IsolateOptions, isolatesOf } from "./isolate/Isolates.ts"
import { checkOutput } from "./limits.ts"
import { PackageRefused } from "./npm/errors.ts"
import { PACKAGE_LIMITS } from "./npm/limits.ts"
import { Packages } from "./npm/packages.ts"
import { refusalAt } from "./npm/project/site.ts"
import { OTHER_MODULES } from "./resolve/imports.ts"
import type { ResolveContext } from "./resolve/resolve-context.ts"
import { makeSubpathTarget, readPackageJson } from "./project/package-json.ts"
import type { WaitUntil } from "./compiler/pool/Pool.ts"
import type { Files } from "./project/project.ts"
import { type ModuleCache, platformCache } from "./remote/module-cache.ts"
import { RemoteModules } from "./remote/RemoteModules.ts"

export type { Bundle, BuildOptions } from "./bundle.ts"
export { BundleError, BundlerCrashError, type Diagnostic, formatDiagnostic } from "./diagnostics.ts"
export { BundlerBusyError } from "./compiler/pool/leased-slots.ts"
export { LIMITS } from "./limits.ts"
export { RegistryUnavailableError } from "./npm/errors.ts"
export { PACKAGE_LIMITS } from "./npm/limits.ts"
export type { IsolateOptions } from "./isolate/Isolates.ts"
export type { IsolateLoader } from "./isolate/loader.ts"
export { lineAt } from "./project/jsonc.ts"
export { normalizePath } from "./project/paths.ts"
export { isGenerated, splitFiles } from "./files/read-project.ts"
export type { ResourceRequest } from "./config/types.ts"
export { DEFAULT_COMPATIBILITY_DATE } from "./config/compatibility/compatibility.ts"
export type { Assets } from "./files/assets.ts"
export { type Base64, base64Length, type FileContent, isBase64 } from "./files/base64.ts"
export type { Equipment } from "./files/describe.ts"
export type { Module } from "./files/modules.ts"
export type { Migration, Migrations } from "./files/migrations.ts"
export type { WaitUntil } from "./compiler/pool/Pool.ts"
export type { ModuleCache } from "./remote/module-cache.ts"
export { IMPORT_LIMITS } from "./remote/RemoteModules.ts"

export interface BundlerOptions {
  /** `generated/esbuild.wasm`, compiled. */
  readonly wasm: WebAssembly.Module
  /** How long compiling may take, in milliseconds; 15,000 by default. It cannot interrupt wasm that computes. */
  readonly timeoutMs?: number
  /** The hosts that modules are fetched from, as in `https://esm.sh/zod@4`; by default only esm.sh; none for `[]`. */
  readonly importHosts?: ReadonlyArray<string>
  /** How many bytes the static files of a project may have, beside its source; 2 MiB by default. */
  readonly assetBytes?: number | undefined
  /** Where packages of npm come from: the URL of a registry, which ends in "/". Without it, imports of packages are refused. */
  readonly packages?:
    | {
        readonly registry: string
        /** Milliseconds for a build with packages, the wait for its turn included; 15,000 by default. */
        readonly timeMs?: number | undefined
      }
    | undefined
  /** Where this is given, each build with packages runs in an isolate of its own, otherwise in this one. */
  readonly isolates?: IsolateOptions | undefined
  /** Keeps fetched modules between builds; by default the platform's `caches.default`, where it has one. */
  readonly cache?: ModuleCache
  /** Fetches modules; by default the platform's own `fetch`. */
  readonly fetch?: typeof fetch
  /**
   * Lets a little work continue after a build, for example `waitUntil` of `cloudflare:workers`. Then the bundler prepares the
   * compiler for the next build while the answer travels. Without it the next build does that, in about two milliseconds.
   */
  readonly waitUntil?: WaitUntil
}

export interface Bundler {
  /**
   * Builds are independent of each other. A build that fetches nothing ends before any other event, as soon as it has a compiler,
   * which the first build of an isolate expands. A few builds that fetch may wait at the same time.
   *
   * @param build the options of this build.
   * @param files files by path, relative to the project's root, for example `{ "src/index.ts": "export default …" }`;
   *   bytes as `{ base64: "…" }`.
   * @throws {BundleError} when the source does not bundle: its `diagnostics` say where, and what to do.
   * @throws {BundlerBusyError} when too many builds are in flight in this isolate: try again.
   * @throws {RegistryUnavailableError} when the registry of packages does not answer, or not in time: try again.
   * @throws {BundlerCrashError} when the compiler does not start: try again.
   */
  readonly bundle: (files: Readonly<Record<string, FileContent>>, build?: BuildOptions) => Promise<Bundle>
}

/**
 * Makes a bundler. From one build to the next it keeps only fetched modules, so one bundler can serve all requests.
 *
 * ```ts
 * import { createBundler } from "./bundler/index.ts"
 * import wasm from "./bundler/compiler/wasm.ts"
 *
 * const { code } = await createBundler({ wasm }).bundle({ "index.ts": "export default { fetch: () => new Response() }" })
 * ```
 */
export const createBundler = (options: BundlerOptions): Bundler => {
  const { wasm, timeoutMs = 15_000, importHosts = ["esm.sh"] } = options
  const pools = poolsOf(wasm)
  const hosts = new Set(importHosts.map((host) => host.toLowerCase()))
  const fetcher = options.fetch ?? platformFetch
  const isolates = options.isolates === undefined ? undefined : isolatesOf(wasm, options.isolates)

  return {
    bundle: async (sent, { purpose = "serve", sourceMap = purpose === "run", lock } = {}) => {
      const timeMs = options.packages?.timeMs ?? PACKAGE_LIMITS.timeMs
      const deadline = Date.now() + timeMs
      const limits = { timeoutMs, deadline, waitUntil: options.waitUntil }
      const project = readProject(sent, options.assetBytes)
      const { files, binaries, config } = project
      const packageJson = readPackageJson(files)
      const find = () => findEntrypoint(files, packageJson, config)
      const kind = purpose === "run" ? ({ kind: "program", entrypoint: find() } as const) : findKind(project, find)
      if (kind.kind === "site") {
        return { entrypoint: kind.entrypoint, main: MAIN, ...describeSite(project, kind), lock: {} }
      }
      const { path: entrypoint, warnings } = kind.entrypoint
      const { disk, mayBeOwn, aliases } = layOut(files, binaries)
      const cache = options.cache ?? platformCache()
      const remote = new RemoteModules({ hosts, fetch: fetcher, cache })
      const registry = options.packages?.registry
      const parts = { files, entrypoint, others: OTHER_MODULES, fetch: fetcher, cache, lock, timeMs }
      // An alias may replace a package, which then is not installed.
      const isReplaced = (specifier: string) => mayBeOwn(specifier) || Object.hasOwn(config.alias, specifier)
      const packages = registry === undefined ? undefined : new Packages({ ...parts, mayBeOwn: isReplaced, registry })
      const context: ResolveContext = {
        files,
        disk,
        packageJson,
        remote,
        hosts,
        mayBeOwn,
        aliases,
        packages,
        subpathTarget: makeSubpathTarget(files)
      }
      const modules: Modules = new Map()
      const plugins = projectPlugins(project, modules)
      const job = { context, entrypoint, sourceMap, define: config.define, plugins }
      const build = async (): Promise<Bundle> => {
        const ordinary = await compileWithoutPackages(pools, job, limits)
        if (ordinary === undefined && isolates !== undefined && registry !== undefined) {
          const reach = { registry, hosts, fetch: fetcher, cache }
          const request = {
            files: sent,
            build: { purpose, sourceMap, lock },
            timeoutMs,
            assetBytes: options.assetBytes
          }
          const built = await isolates.build(request, reach, deadline, options.waitUntil)
          if (built !== undefined) return built
        }
        const compiled = ordinary ?? (await compileWithPackages(pools, job, limits))
        const check = purpose === "serve" ? checkDefaultExport : checkRun
        const diagnostic = check(entrypoint, compiled.exports, compiled.code, files.get(entrypoint))
        if (diagnostic !== undefined) throw new BundleError([diagnostic])
        checkOutput(compiled.code)
        for (const module of packages?.modules(compiled.externals) ?? []) modules.set(module.name, module)
        return {
          entrypoint,
          main: MAIN,
          code: compiled.code,
          ...(compiled.map === undefined ? {} : { map: compiled.map }),
          ...describeProgram(project, modules, { ...compiled, warnings: [...warnings, ...compiled.warnings] }),
          lock: packages?.lock() ?? {}
        }
      }
      return build()
        .catch((error: unknown) => {
          const isUncertain = remote.outage || packages?.isUsed === true
          const failure = error instanceof PackageRefused ? rejectedBy(files, error) : error
          throw failure instanceof BundleError && isUncertain ? new BundleError(failure.diagnostics, false) : failure
        })
        .finally(() => {
          const late = packages?.close()
          if (late !== undefined) options.waitUntil?.(late)
        })
    }
  }
}

const rejectedBy = (files: Files, error: PackageRefused): BundleError =>
  new BundleError([refusalAt(files, undefined, error)], false)

/** A function of its own, because the platform's `fetch` refuses to be called as a method. */
const platformFetch: typeof fetch = (input, init) => fetch(input, init)
