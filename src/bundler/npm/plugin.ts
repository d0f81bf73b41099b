import type { OnLoadResult, OnResolveArgs, OnResolveResult, Plugin } from "esbuild-wasm"
import type { Kind } from "./source/scan.ts"
import type { Target } from "./graph/types.ts"
import type { Package } from "./package/Package.ts"
import type { PackageRefused } from "./errors.ts"

/** The namespace of packages' files. */
const PACKAGE_FILE = "package"

const PREFIX = `${PACKAGE_FILE}:`

/** The namespace of modules that are not there: replaced by nothing, or failing at run time. */
const ABSENT = "absent"

const KINDS: Readonly<Record<string, Kind>> = {
  "require-call": "require",
  "require-resolve": "require",
  "dynamic-import": "dynamic"
}

/** How the compiler says that a module is imported. */
export const kindOf = ({ kind }: Pick<OnResolveArgs, "kind">): Kind => KINDS[kind] ?? "import"

/** How the compiler's other plugin resolves the modules that are no packages. */
export interface OtherModules {
  /** A module of the platform. */
  readonly platform: (args: OnResolveArgs, specifier: string) => OnResolveResult
  /** A provided module of hono. */
  readonly provided: (id: string) => OnResolveResult
}

/** The packages of a build, as the compiler asks for them. */
export interface PackageSource {
  /** Where an import in a file of a package leads. */
  readonly resolve: (pkg: Package, importer: string, specifier: string, kind: Kind) => Target
  /** A file's source, which is let go of; `undefined` if it must be fetched first. */
  readonly take: (pkg: Package, path: string) => Uint8Array | string | undefined
}

const EMPTY: OnLoadResult = { contents: "module.exports = {}", loader: "js" }

const absent = (reason: string): string =>
  `throw Object.assign(new Error(${JSON.stringify(`Cannot find module: ${reason}`)}), { code: "MODULE_NOT_FOUND" })`

const refused = (error: PackageRefused): OnResolveResult => ({ errors: [{ text: error.text, detail: error }] })

/** Translates where imports lead, and hands the packages' files to the compiler. */
export class CompilerSide {
  readonly #source: PackageSource
  readonly #others: OtherModules
  readonly #files = new Map<string, readonly [pkg: Package, path: string]>()

  constructor(source: PackageSource, others: OtherModules) {
    this.#source = source
    this.#others = others
  }

  /** The compiler's answer for where an import leads. */
  answer(target: Target, args: OnResolveArgs): OnResolveResult {
    switch (target.type) {
      case "file":
        return { path: this.#name(target.pkg, target.path), namespace: PACKAGE_FILE, sideEffects: target.sideEffects }
      case "platform":
        return this.#others.platform(args, target.specifier)
      case "provided":
        return this.#others.provided(target.id)
      case "empty":
        return { path: "empty", namespace: ABSENT, sideEffects: false }
      case "absent":
        return { path: `absent ${target.reason}`, namespace: ABSENT }
      case "need":
        return { path: "needed", namespace: ABSENT }
      case "refused":
        return refused(target.error)
    }
  }

  /**
   * The compiler knows from no package.json whether a file is an ES module, only from the name `.mjs`; and imports of
   * CommonJS in ES modules are different from those in others.
   */
  #name(pkg: Package, path: string): string {
    const name = `${pkg.id}/${path}${path.endsWith(".js") && pkg.isEsm(path) ? ".mjs" : ""}`
    this.#files.set(name, [pkg, path])
    return name
  }

  /** The package and the path of a file, by the name that the compiler reports (`package:zod@4.6.7/index.js`). */
  fileOf(name: string): readonly [pkg: Package, path: string] | undefined {
    return name.startsWith(PREFIX) ? this.#files.get(name.slice(PREFIX.length)) : undefined
  }

  /** Resolves and loads the modules of packages. */
  readonly plugin: Plugin = {
    name: "packages",
    setup: (build) => {
      build.onResolve({ filter: /.*/, namespace: PACKAGE_FILE }, (args) => {
        const [pkg, importer] = this.#files.get(args.importer) ?? []
        if (pkg === undefined || importer === undefined) return undefined
        return this.answer(this.#source.resolve(pkg, importer, args.path, kindOf(args)), args)
      })
      build.onLoad({ filter: /.*/, namespace: PACKAGE_FILE }, ({ path }): OnLoadResult => {
        const [pkg, file] = this.#files.get(path) ?? []
        const contents = pkg === undefined || file === undefined ? undefined : this.#source.take(pkg, file)
        if (contents === undefined || file === undefined) return EMPTY
        return { contents, loader: file.endsWith(".json") ? "json" : file.endsWith(".jsx") ? "jsx" : "js" }
      })
      build.onLoad({ filter: /.*/, namespace: ABSENT }, ({ path }) =>
        path.startsWith("absent ") ? { contents: absent(path.slice("absent ".length)), loader: "js" } : EMPTY
      )
    }
  }
}
