import type { Message } from "esbuild-wasm"
import { type Diagnostic, fromMessage } from "../diagnostics.ts"
import type { Files } from "../project/project.ts"
import { InstanceTimeout } from "../compiler/worker-shim.ts"
import { PackageRefused, RegistryUnavailableError } from "./errors.ts"
import type { Graph } from "./graph/Graph.ts"
import { PACKAGE_LIMITS } from "./limits.ts"
import { exportedSubpaths } from "./package/exports.ts"
import type { Package } from "./package/Package.ts"
import type { CompilerSide } from "./plugin.ts"
import { placeOf, refusalAt } from "./project/site.ts"

/** A version this young may be a mistake or an attack that nobody has noticed yet. */
const YOUNG_MS = 3 * 24 * 3_600_000

const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1)

/** The bytes that the compiler gets of each package. */
export type Sizes = ReadonlyMap<Package, number>

const totalOf = (sizes: Sizes): number => [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0)

/** A refusal if the compiler gets too many bytes; it names the packages that have the most. */
export const checkModules = (sizes: Sizes): PackageRefused | undefined => {
  if (totalOf(sizes) <= PACKAGE_LIMITS.moduleBytes) return undefined
  return tooLarge(`The modules that are imported have more than ${mib(PACKAGE_LIMITS.moduleBytes)} MiB`, sizes)
}

/** The refusal is at the import of the largest package. */
const tooLarge = (text: string, sizes: Sizes): PackageRefused => {
  const largest = [...sizes].toSorted(([, a], [, b]) => b - a).slice(0, 3)
  const list = largest.map(([{ label }, bytes]) => `${label} (${mib(bytes)} MiB)`).join(", ")
  const named = list === "" ? "" : `The largest are of ${list}. `
  const hint = `${named}Import only the parts that are used, or a smaller package.`
  const [pkg] = largest[0] ?? []
  const { name, version } = pkg?.release ?? {}
  const refusal = { code: "too-large", text, hint, package: name, version, site: pkg?.origin.site } as const
  return new PackageRefused(refusal, pkg?.chain())
}

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

/** A module of a package in a bundle. */
export interface InBundle {
  readonly pkg: Package
  readonly path: string
  /** Its bytes in the output; 0 for one that only exports again. */
  readonly bytes: number
}

/** Warnings about the packages of a bundle. */
export const packageWarnings = (
  files: Files,
  graph: Graph,
  inputs: ReadonlyArray<InBundle>
): ReadonlyArray<Diagnostic> => {
  const making = new Set(
    inputs.filter(({ pkg, path, bytes }) => bytes > 0 && graph.reach.makesCode(pkg, path)).map(({ pkg }) => pkg)
  )
  const inBundle = new Set(inputs.map(({ pkg }) => pkg))
  return graph.packages
    .filter((pkg) => inBundle.has(pkg))
    .flatMap((pkg) => {
      const { origin, label, release } = pkg
      const warn = (text: string, hint: string): Diagnostic => ({ ...placeOf(files, origin.site), text, hint })
      const chain = origin.from === undefined ? "" : ` It is imported by ${pkg.chain().join(" → ")}.`
      const { deprecated, publishedAt } = release
      const isDirect = origin.from === undefined
      return [
        ...(making.has(pkg)
          ? [
              warn(
                `${label} may throw where it makes code from text (new Function or eval), because Workers refuse that`,
                `If the program reaches that, use another part of it, or another package.${chain}`
              )
            ]
          : []),
        ...[...graph.versions.unfit.values()]
          .filter(({ from }) => from === pkg)
          .map(({ name, range, version }) =>
            warn(
              `${label} wants ${name} ${range}, and the project has ${version}`,
              `Ask for versions that fit together, in package.json: ${JSON.stringify({ dependencies: { [name]: range } })}.${chain}`
            )
          ),
        ...(isDirect && deprecated !== undefined ? [warn(`${label} is deprecated`, deprecated.slice(0, 300))] : []),
        ...(isDirect &&
        !graph.versions.isAsked(pkg.id) &&
        publishedAt !== undefined &&
        Date.now() - publishedAt < YOUNG_MS
          ? [
              warn(
                `${label} was published only ${Math.max(1, Math.round((Date.now() - publishedAt) / 3_600_000))} hours ago`,
                `No version was asked for. To keep to this one, write it in package.json: ${JSON.stringify({ dependencies: { [release.name]: release.version } })}`
              )
            ]
          : [])
      ]
    })
}

/** An import of the project for a name that a package does not export: the package as the author knows it. */
const explainNoExport = (compiler: CompilerSide, message: Message): Diagnostic | undefined => {
  const [, module = "", name = ""] =
    /^No matching export in "([^"]{1,1000})" for import "([^"]{1,1000})"$/.exec(message.text) ?? []
  const [pkg, path] = compiler.fileOf(module) ?? []
  if (pkg === undefined) return undefined
  const others = exportedSubpaths(pkg.json["exports"], 8).filter((it) => !it.includes("*"))
  const list = others.map((it) => `${pkg.release.name}/${it}`).join(", ")
  return {
    ...fromMessage(message),
    text: `${pkg.label} exports no ${JSON.stringify(name.slice(0, 200))} (${path})`,
    hint: `Correct the name${list === "" ? "" : `, or import it from ${list}`}, or ask for another version.`
  }
}

/** Explains an error of the compiler that is about a package, at the author's own import; `undefined` for all others. */
export const explainPackageError = (files: Files, compiler: CompilerSide, message: Message): Diagnostic | undefined => {
  const { detail, location, text } = message
  const [pkg, path] = compiler.fileOf(location?.file ?? "") ?? []
  if (detail instanceof PackageRefused) {
    const refusal = refusalAt(files, pkg?.origin.site, detail)
    // The compiler knows the place of an import in the author's file.
    return pkg === undefined ? { ...refusal, ...fromMessage({ ...message, detail: undefined }) } : refusal
  }
  if (pkg === undefined) return explainNoExport(compiler, message)
  const { name: of, version } = pkg.release
  const refusal = new PackageRefused(
    {
      code: "damaged",
      text: `${pkg.label} does not compile: ${text} (${path}:${location?.line})`,
      hint: "Ask for another version of it.",
      package: of,
      version
    },
    pkg.chain()
  )
  return refusalAt(files, pkg.origin.site, refusal)
}
