import { compile, type Compiled, type Job } from "./compiler/compile.ts"
import type { Instance } from "./compiler/instance.ts"
import { LargePool } from "./compiler/pool/LargePool.ts"
import { BundlerBusyError } from "./compiler/pool/leased-slots.ts"
import { Pool, type WaitUntil } from "./compiler/pool/Pool.ts"
import { BundleError, BundlerCrashError } from "./diagnostics.ts"
import { PackageRefused, RegistryUnavailableError } from "./npm/errors.ts"
import { fetchGraph } from "./remote/fetch-graph.ts"
import { IMPORT_LIMITS } from "./remote/RemoteModules.ts"

/** The compilers of an isolate. */
export interface Pools {
  readonly ordinary: Pool
  /** For builds with packages. */
  readonly large: LargePool
}

/** The time of a build. */
export interface BuildLimits {
  /** Milliseconds for one compilation without packages. */
  readonly timeoutMs: number
  /** When a build with packages must have ended, in milliseconds since 1970. */
  readonly deadline: number
  readonly waitUntil: WaitUntil | undefined
}

/** How often a build begins again because it needs further modules. Twice is nearly always enough. */
const ROUNDS = 20

/** One for each isolate, however many bundlers there are. */
const pools = new WeakMap<WebAssembly.Module, Pools>()

/** The isolate's compilers of a module. */
export const poolsOf = (wasm: WebAssembly.Module): Pools => {
  const known = pools.get(wasm)
  if (known !== undefined) return known
  const ordinary = new Pool(wasm)
  const made = { ordinary, large: new LargePool(wasm, ordinary) }
  pools.set(wasm, made)
  return made
}

/** Runs `use` with a compiler. */
type UseCompiler = (use: (instance: Instance) => Promise<Compiled>) => Promise<Compiled>

const toBundlerError = (cause: unknown): never => {
  const isKnown = [BundleError, BundlerBusyError, PackageRefused, RegistryUnavailableError].some(
    (it) => cause instanceof it
  )
  if (isKnown) throw cause
  throw new BundlerCrashError("The compiler did not start", { cause })
}

const tooDeep = (): BundleError => {
  const text = `Imports are nested more than ${ROUNDS} levels deep`
  const hint = "Add ?bundle to a URL, so that the host bundles the module."
  return new BundleError([{ file: "", line: 0, column: 0, text, hint }])
}

/**
 * Compiles a project, and again as often as the compiler finds modules that are still to be fetched or installed.
 *
 * @returns an incomplete bundle if packages are missing and `install` is not given.
 */
const compileAll = async (
  { ordinary }: Pools,
  job: Job,
  use: UseCompiler,
  install?: () => Promise<void>
): Promise<Compiled> => {
  const { remote } = job.context
  for (let round = 0; round < ROUNDS; round++) {
    await install?.()
    const compiled = await use((instance) => compile(instance, job)).catch(toBundlerError)
    const { missing, isIncomplete } = compiled
    if (missing.size === 0 && !isIncomplete) return compiled
    if (missing.size > 0) await ordinary.waiting.run(IMPORT_LIMITS.timeMs + 1000, () => fetchGraph(remote, missing))
    if (isIncomplete && install === undefined) return compiled
  }
  throw tooDeep()
}

/**
 * Compiles a project as far as no package is needed.
 *
 * @returns `undefined` if packages seem to be needed.
 * @throws the errors of `Bundler.bundle`.
 */
export const compileWithoutPackages = async (
  pools: Pools,
  job: Job,
  { timeoutMs, waitUntil }: BuildLimits
): Promise<Compiled | undefined> => {
  const { packages } = job.context
  if (packages?.guess() === true) return undefined
  const compiled = await compileAll(pools, job, (use) => pools.ordinary.use(timeoutMs, use, waitUntil))
  return packages !== undefined && compiled.isIncomplete ? undefined : compiled
}

/**
 * Installs packages in this isolate, and compiles the project with them. It comes after `compileWithoutPackages`.
 *
 * @throws {PackageRefused} if the packages exceed a limit.
 * @throws the errors of `Bundler.bundle`.
 */
export const compileWithPackages = (
  pools: Pools,
  job: Job,
  { timeoutMs, deadline, waitUntil }: BuildLimits
): Promise<Compiled> => {
  const { packages } = job.context
  const installAll = () =>
    pools.large.run(deadline, (build) => compileAll(pools, job, build.use, async () => packages?.install(build.hold)))
  return installAll().catch(async (error: unknown) => {
    const isOfPackages = [BundleError, PackageRefused, RegistryUnavailableError].some((it) => error instanceof it)
    if (!isOfPackages || packages?.forgetGuess() !== true) throw error
    // The guess may be wrong. The compiler knows which of the packages are imported.
    const compiled = await compileAll(pools, job, (use) => pools.ordinary.use(timeoutMs, use, waitUntil))
    if (!compiled.isIncomplete) return compiled
    if (!packages.guessAgain()) throw error
    return installAll()
  })
}
