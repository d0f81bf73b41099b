import { InstanceTimeout } from "../../compiler/worker-shim.ts"
import { RegistryUnavailableError } from "../errors.ts"
import { PACKAGE_LIMITS } from "../limits.ts"
import { type Sizes, tooLarge, totalOf } from "./sizes.ts"

/**
 * Explains a crash of the compiler. A time-out is the fault of the packages only where the compiler had enough time, and more modules
 * than it is known to finish: else the registry, the builds before this one or a slow machine took it.
 */
export const explainCrash = (crash: Error, sizes: Sizes): Error => {
  const isOthers = crash instanceof InstanceTimeout && crash.timeMs < PACKAGE_LIMITS.compileMs
  const isFeasible = crash instanceof InstanceTimeout && totalOf(sizes) <= PACKAGE_LIMITS.compiledBytes
  return isOthers || isFeasible
    ? notInTime(crash)
    : tooLarge(`The compiler gave up on the packages: ${crash.message}`, sizes)
}

/** The build's time ended before the compiler did. A repeat finds the packages in the cache. */
export const notInTime = (cause: unknown): RegistryUnavailableError =>
  new RegistryUnavailableError("The packages were not bundled in time", { cause })
