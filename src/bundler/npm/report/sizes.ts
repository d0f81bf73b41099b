import { PackageRefused } from "../errors.ts"
import { PACKAGE_LIMITS } from "../limits.ts"
import type { Package } from "../package/Package.ts"

const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1)

/** The bytes that the compiler gets of each package. */
export type Sizes = ReadonlyMap<Package, number>

/** The bytes of all packages. */
export const totalOf = (sizes: Sizes): number => [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0)

/** A refusal if the compiler gets too many bytes; it names the packages that have the most. */
export const checkModules = (sizes: Sizes): PackageRefused | undefined => {
  if (totalOf(sizes) <= PACKAGE_LIMITS.moduleBytes) return undefined
  return tooLarge(`The modules that are imported have more than ${mib(PACKAGE_LIMITS.moduleBytes)} MiB`, sizes)
}

/** The refusal of packages that are too large, at the import of the largest. */
export const tooLarge = (text: string, sizes: Sizes): PackageRefused => {
  const largest = [...sizes].toSorted(([, a], [, b]) => b - a).slice(0, 3)
  const list = largest.map(([{ label }, bytes]) => `${label} (${mib(bytes)} MiB)`).join(", ")
  const named = list === "" ? "" : `The largest are of ${list}. `
  const hint = `${named}Import only the parts that are used, or a smaller package.`
  const [pkg] = largest[0] ?? []
  const { name, version } = pkg?.release ?? {}
  const refusal = { code: "too-large", text, hint, package: name, version, site: pkg?.origin.site } as const
  return new PackageRefused(refusal, pkg?.chain())
}
