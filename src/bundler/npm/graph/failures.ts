import { PackageRefused, type RefusalCode } from "../errors.ts"
import { exportedSubpaths } from "../package/exports.ts"
import type { Package } from "../package/Package.ts"
import { acceptsPeer } from "../versions/peers.ts"
import type { Kind } from "../source/scan.ts"
import type { Target } from "./types.ts"

const isTypes = (name: string): boolean => name.startsWith("@types/")

/** A specifier in a text for the author. */
export const quoted = (specifier: string): string => JSON.stringify(specifier.slice(0, 200))

/** An import that fails: at once, or where the program requires it. */
export const failing = (pkg: Package, kind: Kind, code: RefusalCode, what: string): Target => {
  const text = `${pkg.label} ${what}`
  if (kind !== "import") return { type: "absent", reason: text }
  const { name, version } = pkg.release
  const hint = `Import another part of ${name}, or another version of it.`
  return { type: "refused", error: new PackageRefused({ code, text, hint, package: name, version }, pkg.chain()) }
}

/** Files of kinds that are no modules. */
const OTHER_KIND =
  /\.(png|jpe?g|gif|webp|avif|svg|ico|[ot]tf|woff2?|eot|mp[34]|webm|wav|pdf|zip|gz|bin|dat|s[ac]ss|less|styl|vue|svelte|astro|[cm]?tsx?|graphql|gql|ya?ml|toml|xml|csv)$/i

/** Refuses an import of a file that is no module; once for each kind. `undefined` for all others. */
export const otherKind = (pkg: Package, kind: Kind, specifier: string): Target | undefined => {
  const extension = OTHER_KIND.exec(specifier)?.[1]?.toLowerCase()
  if (extension === undefined) return undefined
  const text = `${pkg.label} has .${extension} files, and files of this kind cannot be imported from packages`
  if (kind !== "import") return { type: "absent", reason: text }
  const { name, version } = pkg.release
  const hint = `Use a part of ${name} without them, or send the file with the project.`
  const refusal = { code: "missing-file", text, hint, package: name, version } as const
  return { type: "refused", error: new PackageRefused(refusal, pkg.chain()) }
}

/** The package is not there: at once, or where the program requires it. */
export const missingPeer = (pkg: Package, name: string, kind: Kind, text: string): Target => {
  if (kind !== "import") return { type: "absent", reason: text }
  const hint = `Add ${JSON.stringify(name)} to "dependencies" of package.json.`
  return {
    type: "refused",
    error: new PackageRefused({ code: "missing-peer", text, hint, package: name }, pkg.chain())
  }
}

/** Whether a module requires something within `try { … }`. */
export const isGuarded = (pkg: Package, importer: string, specifier: string): boolean => {
  const id = `${importer}\0${specifier}`
  const known = pkg.guarded.get(id)
  if (known !== undefined) return known
  const bytes = pkg.files.get(importer)
  const text = bytes === undefined ? "" : new TextDecoder().decode(bytes)
  const at = [`require("${specifier}")`, `require('${specifier}')`].map((it) => text.indexOf(it)).find((it) => it >= 0)
  const guarded = at !== undefined && /\btry\s{0,20}\{[^{}]{0,300}$/.test(text.slice(Math.max(0, at - 300), at))
  if (bytes !== undefined) pkg.guarded.set(id, guarded)
  return guarded
}

/**
 * The package has no such entry.
 *
 * @param from the package that imports it; `undefined` for the project.
 */
export const noExport = (pkg: Package, subpath: string, kind: Kind, from: Package | undefined): Target => {
  const text = `${pkg.label} has ${subpath === "" ? "no module to import" : `nothing to import as ${quoted(subpath)}`}`
  if (kind !== "import" && from !== undefined) return { type: "absent", reason: text }
  const { name, version } = pkg.release
  const others = exportedSubpaths(pkg.json["exports"], 8).map((it) => `${name}/${it}`)
  const ofTypes = isTypes(name)
    ? "It has types alone: write import type."
    : `Correct the import, or ask for another version.`
  const dependency = from?.dependency(name)
  const isUnfit = dependency?.peer === true && !acceptsPeer(dependency.range, version)
  const hint = isUnfit
    ? `${from?.label} wants ${name} ${dependency.range}, and the project has ${version}. Write in package.json: ${JSON.stringify({ dependencies: { [name]: dependency.range } })}`
    : others.length > 0
      ? `It has ${others.join(", ")}.`
      : ofTypes
  const chain = from === undefined ? [] : [...from.chain(), pkg.label]
  return {
    type: "refused",
    error: new PackageRefused({ code: "no-export", text, hint, package: name, version }, chain)
  }
}
