import type { OnLoadArgs, OnLoadResult, OnResolveArgs, OnResolveResult, Plugin } from "esbuild-wasm"
import { moduleName } from "../../files/modules.ts"
import { isWasm } from "../archive/importable.ts"
import { PackageRefused } from "../errors.ts"
import type { Target } from "../graph/types.ts"
import type { Package } from "../package/Package.ts"
import { attributeLoader, kindOf, loaderOf } from "./translate.ts"
import type { OtherModules, PackageSource } from "./types.ts"

/** The namespace of packages' files. */
const PACKAGE_FILE = "package"

const PREFIX = `${PACKAGE_FILE}:`

/** The namespace of modules that are not there: replaced by nothing, or failing at run time. */
const ABSENT = "absent"

const EMPTY: OnLoadResult = { contents: "module.exports = {}", loader: "js" }

const absent = (reason: string): string =>
  `throw Object.assign(new Error(${JSON.stringify(`Cannot find module: ${reason}`)}), { code: "MODULE_NOT_FOUND" })`

const refused = (error: PackageRefused): Pick<OnResolveResult, "errors"> => ({
  errors: [{ text: error.text, detail: error }]
})

/** Translates where imports lead, and hands the packages' files to the compiler. */
export class CompilerSide {
  readonly #source: PackageSource
  readonly #others: OtherModules
  readonly #files = new Map<string, readonly [pkg: Package, path: string]>()
  /** Modules of WebAssembly, by the specifier that the bundle imports them by. */
  readonly #wasm = new Map<string, readonly [pkg: Package, path: string]>()

  constructor(source: PackageSource, others: OtherModules) {
    this.#source = source
    this.#others = others
  }

  /** The compiler's answer for where an import leads. */
  answer(target: Target, args: OnResolveArgs): OnResolveResult {
    switch (target.type) {
      case "file":
        if (isWasm(target.path) && Object.keys(args.with).length === 0)
          return this.#others.platform(args, this.#beside(target.pkg, target.path))
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

  /** WebAssembly is a module of its own beside the bundle. */
  #beside(pkg: Package, path: string): string {
    const specifier = `./${moduleName(`npm/${pkg.id}/${path}`)}`
    this.#wasm.set(specifier, [pkg, path])
    return specifier
  }

  /** The package and the path of a module of WebAssembly, by the specifier that the bundle imports it by. */
  wasmOf(specifier: string): readonly [pkg: Package, path: string] | undefined {
    return this.#wasm.get(specifier)
  }

  /** The package and the path of a file, by the name that the compiler reports (`package:zod@4.6.7/index.js`). */
  fileOf(name: string): readonly [pkg: Package, path: string] | undefined {
    return name.startsWith(PREFIX) ? this.#files.get(name.slice(PREFIX.length)) : undefined
  }

  /** Resolves and loads the modules of packages. */
  readonly plugin: Plugin = {
    name: "packages",
    setup: (build) => {
      build.onResolve({ filter: /.*/, namespace: PACKAGE_FILE }, (args) => this.#resolve(args))
      build.onLoad({ filter: /.*/, namespace: PACKAGE_FILE }, (args) => this.#load(args))
      build.onLoad({ filter: /.*/, namespace: ABSENT }, ({ path }) =>
        path.startsWith("absent ") ? { contents: absent(path.slice("absent ".length)), loader: "js" } : EMPTY
      )
    }
  }

  /** Resolves an import of a package's file. */
  #resolve(args: OnResolveArgs): OnResolveResult | undefined {
    const [pkg, importer] = this.#files.get(args.importer) ?? []
    if (pkg === undefined || importer === undefined) return undefined
    // Styles are no part of a program, so neither are their pictures and fonts.
    if (args.kind === "url-token" || args.kind === "import-rule") return { path: args.path, external: true }
    return this.answer(this.#source.resolve(pkg, importer, args.path, kindOf(args)), args)
  }

  /** Loads a package's file. */
  #load({ path, with: attributes }: OnLoadArgs): OnLoadResult {
    const [pkg, file] = this.#files.get(path) ?? []
    if (pkg === undefined || file === undefined) return EMPTY
    const entries = Object.entries(attributes)
    const isRaw = entries.length > 0
    const loader = isRaw ? attributeLoader(entries) : loaderOf(file)
    if (loader === undefined)
      return { errors: [{ text: `Importing with ${JSON.stringify(attributes)} is not supported` }] }
    const contents = this.#source.take(pkg, file, isRaw)
    if (contents instanceof PackageRefused) return refused(contents)
    return contents === undefined ? EMPTY : { contents, loader }
  }
}
