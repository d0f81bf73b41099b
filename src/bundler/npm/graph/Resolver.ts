import { PackageRefused } from "../errors.ts"
import type { Way } from "../package/exports.ts"
import type { Found } from "../package/FileFinder.ts"
import type { Package, Site } from "../package/Package.ts"
import { readSpecifier, splitSpecifier } from "../specifiers.ts"
import { failing, isGuarded, missingPeer, noExport, otherKind, quoted } from "./failures.ts"
import { isAddOnLoader, isThreadedAddOn, refuseNative } from "./native.ts"
import type { Kind } from "../source/scan.ts"
import type { Need, Project, Target } from "./types.ts"

const wayOf = (kind: Kind): Way => (kind === "require" ? "require" : "import")

/** wrangler also takes `x.wasm?module`. */
const withoutModule = (specifier: string): string => specifier.replace(/\.wasm\?module$/, ".wasm")

const platform = (specifier: string): Target => ({
  type: "platform",
  specifier: specifier.includes(":") ? specifier : `node:${specifier}`
})

/** The installed package that serves a need: `undefined` before it is installed. */
export interface Installed {
  readonly of: (need: Need) => Package | PackageRefused | undefined
  /** Whether any version of a package is in the build. */
  readonly has: (name: string) => boolean
}

/** Says where every import leads. */
export class Resolver {
  readonly #project: Project
  readonly #installed: Installed

  constructor(project: Project, installed: Installed) {
    this.#project = project
    this.#installed = installed
  }

  /**
   * Where an import of the project leads that means none of its files.
   *
   * @param range the range of the importer's package.json, if it has one.
   */
  fromProject(site: Site, kind: Kind, range: string | undefined): Target {
    const { name, range: written, subpath } = readSpecifier(withoutModule(site.specifier))
    const need = {
      name,
      range: written ?? range ?? "latest",
      subpath,
      way: wayOf(kind),
      from: undefined,
      site,
      peer: false
    }
    return this.of(need, kind)
  }

  /** Where an import in a file of a package leads. */
  fromPackage(pkg: Package, importer: string, written: string, kind: Kind): Target {
    const specifier = withoutModule(written)
    if (/^(cloudflare|workerd):/.test(specifier)) return platform(specifier)
    if (!/^\.{1,2}(\/|$)/.test(specifier)) {
      if (this.#project.isNode(specifier)) return platform(specifier)
      const alias = pkg.modules.alias(specifier, wayOf(kind), importer)
      if (alias === undefined) return failing(pkg, kind, "missing-file", `says nowhere what ${quoted(specifier)} is`)
      return this.#found(pkg, alias, kind, importer)
    }
    const found = pkg.modules.relative(importer, specifier)
    if (found !== undefined) return this.#found(pkg, found, kind, importer)
    if (specifier.endsWith(".node")) return { type: "refused", error: refuseNative(pkg) }
    const other = otherKind(pkg, kind, specifier)
    if (other !== undefined) return other
    return failing(pkg, kind, "missing-file", `has no such file: its ${importer} imports ${quoted(specifier)}`)
  }

  /** Where a need leads. */
  of(need: Need, kind: Kind): Target {
    const installed = this.#installed.of(need)
    if (installed === undefined) return { type: "need", need }
    if (installed instanceof PackageRefused) {
      if (kind !== "import" && need.from !== undefined) return { type: "absent", reason: installed.text }
      return { type: "refused", error: need.from === undefined ? installed : installed.via(need.from.chain()) }
    }
    const isNative = installed.isBinary || (need.from === undefined && installed.native)
    if (isNative && !installed.hasBrowser) {
      const error = refuseNative(installed)
      return kind === "import" || need.from === undefined
        ? { type: "refused", error }
        : { type: "absent", reason: error.text }
    }
    return this.#entry(installed, need.subpath, need.way, kind, need.from)
  }

  #found(pkg: Package, found: NonNullable<Found>, kind: Kind, importer: string): Target {
    if (found.type === "empty") return found
    if (found.type === "bare") return this.#bare(pkg, found.specifier, kind, importer)
    if (found.path.endsWith(".node")) return { type: "refused", error: refuseNative(pkg) }
    return { type: "file", pkg, path: found.path, sideEffects: found.sideEffects }
  }

  /** An import of another package, or of the package itself. */
  #bare(pkg: Package, written: string, kind: Kind, importer: string): Target {
    const specifier = written.replace(/\/$/, "")
    if (this.#project.isNode(specifier)) return platform(specifier)
    if (/^[a-z][a-z0-9+.-]{0,40}:/i.test(specifier))
      return failing(pkg, kind, "bad-specifier", `imports ${quoted(specifier)}, which is not supported`)
    const { name, subpath } = splitSpecifier(specifier)
    if (isAddOnLoader(name) && name !== pkg.release.name) {
      if (isGuarded(pkg, importer, specifier)) return { type: "absent", reason: `${pkg.label} runs without its add-on` }
      return { type: "refused", error: refuseNative(pkg) }
    }
    const dependency = pkg.dependency(name)
    const isOwn = name === pkg.release.name && pkg.json["exports"] !== undefined
    if (isOwn) return this.#entry(pkg, subpath, wayOf(kind), kind, undefined)
    if (this.#project.isProvided(specifier, dependency?.peer === true ? undefined : dependency?.range))
      return { type: "provided", id: specifier }
    const range = this.#project.rangeOf(name)
    const known = this.#installed.has(name)
    const base = { name, subpath, way: wayOf(kind), from: pkg, site: pkg.origin.site }
    if (isThreadedAddOn(name) && range === undefined && kind === "import")
      return { type: "refused", error: refuseNative(pkg) }
    if (dependency === undefined) {
      if (range !== undefined || known) return this.of({ ...base, range: range ?? "*", peer: true }, kind)
      return missingPeer(pkg, name, kind, `${pkg.label} imports ${quoted(specifier)}, and does not depend on it`)
    }
    if (dependency.peer && dependency.optional && range === undefined && !known)
      return missingPeer(pkg, name, kind, `${pkg.label} imports ${quoted(specifier)}, which the project must provide`)
    // The import of an optional dependency that cannot be had fails at run time.
    const fails = dependency.optional && kind === "import" ? "dynamic" : kind
    return this.of({ ...base, range: this.#project.overrideOf(name) ?? dependency.range, peer: dependency.peer }, fails)
  }

  #entry(pkg: Package, subpath: string, way: Way, kind: Kind, from: Package | undefined): Target {
    const { modules } = pkg
    const found = modules.entry(subpath, way) ?? (way === "require" ? modules.entry(subpath, "import") : undefined)
    if (found !== undefined) return this.#found(pkg, found, kind, "")
    return otherKind(pkg, from === undefined ? "import" : kind, subpath) ?? noExport(pkg, subpath, kind, from)
  }
}
