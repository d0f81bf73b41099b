import type { Message, OnResolveArgs, OnResolveResult, Plugin } from "esbuild-wasm"
import type { Module } from "../files/modules.ts"
import { CompilerSide } from "./compiler/CompilerSide.ts"
import { kindOf } from "./compiler/translate.ts"
import { wasmModules } from "./compiler/wasm-modules.ts"
import { Installation } from "./Installation.ts"
import { InstalledSource } from "./InstalledSource.ts"
import { writeOwnLock } from "./lock/own-lock.ts"
import type { PackagesOptions } from "./options.ts"
import type { Package } from "./package/Package.ts"
import { CaughtImports } from "./project/CaughtImports.ts"
import { ProjectSide } from "./project/ProjectSide.ts"
import { Report } from "./report/Report.ts"
import { refuseRegistry } from "./specifiers.ts"
import { Taken } from "./Taken.ts"

/** The packages of one build: finds, installs and hands them to the compiler. */
export class Packages {
  /** The words of the project about packages. */
  readonly project: ProjectSide
  /** The words of the build about packages. */
  readonly report: Report
  readonly #installation: Installation
  readonly #taken = new Taken()
  readonly #source: InstalledSource
  readonly #compiler: CompilerSide
  readonly #caught = new CaughtImports()
  /** The packages in the bundle, by their labels. */
  #labels: ReadonlySet<string> = new Set()

  constructor(options: PackagesOptions) {
    const { files, entrypoint, mayBeOwn, others } = options
    this.project = new ProjectSide(files, entrypoint, mayBeOwn)
    this.#installation = new Installation(options, this.project)
    this.#source = new InstalledSource(this.#installation, this.#taken)
    this.#compiler = new CompilerSide(this.#source, others)
    this.report = new Report({
      files,
      project: this.project,
      installation: this.#installation,
      compiler: this.#compiler,
      taken: this.#taken,
      caught: this.#caught
    })
  }

  /** Guesses the project's imports of packages. Returns whether there seem to be any. */
  guess(): boolean {
    this.#installation.guess()
    return this.isPending
  }

  /** Ends all requests, late ones a little later. Call it when the build ends, however it ends. */
  close(): Promise<void> {
    return this.#installation.close()
  }

  /** Whether packages must be installed before there can be a bundle. */
  get isPending(): boolean {
    return this.#installation.open.isPending
  }

  /** Whether the registry was asked, so that the same source may get another answer later. */
  get isUsed(): boolean {
    return this.#installation.isUsed
  }

  /** Begins anew without the guess. Returns whether the guess was what failed to install, so that it may be wrong. */
  forgetGuess(): boolean {
    return this.#installation.forgetGuess()
  }

  /** Guesses once more, now that the compiler has asked. Returns false if the guess was right, so that it would fail again. */
  guessAgain(): boolean {
    return this.#installation.guessAgain()
  }

  /**
   * Installs what the guess and the compiler found to be missing.
   *
   * @param hold waits until the build may hold this many bytes of packages.
   * @throws {BundleError} if a limit is exceeded and a peer is missing.
   * @throws the errors of `Installation.install`.
   */
  async install(hold?: (bytes: number) => Promise<void>): Promise<void> {
    try {
      await this.#installation.install(hold)
      this.#taken.clear()
    } catch (error) {
      throw this.report.reason(error)
    }
  }

  /**
   * Resolves an import of the project that means none of its files.
   *
   * @returns `undefined` if it certainly means no package.
   */
  resolve(args: OnResolveArgs, importer: string, specifier = args.path): OnResolveResult | undefined {
    const site = { file: importer, specifier }
    const foreign = refuseRegistry(specifier)
    if (foreign !== undefined) return this.#compiler.answer({ type: "refused", error: foreign }, args)
    if (!this.project.mayBePackage(site)) return undefined
    const kind = kindOf(args)
    const target = this.#source.fromProject(site, kind)
    if (target.type === "refused" && kind !== "import") {
      // The compiler knows whether the program catches the error, and reports the import if it does not.
      this.#caught.add({ file: importer, specifier: args.path }, target.error)
      return undefined
    }
    return this.#compiler.answer(target, args)
  }

  /** The compiler's plugin for the files of packages. */
  get plugin(): Plugin {
    return this.#compiler.plugin
  }

  /** Takes barrels whole from now on, if the compiler found that a module lacks a name. Returns whether that may help. */
  retryWhole(errors: ReadonlyArray<Message>): boolean {
    return errors.some(({ text }) => text.startsWith("No matching export")) && this.#installation.stopPruning()
  }

  /** Notes which modules the compiler read. Makes a further build necessary if the program has a package twice. */
  noteModules(names: ReadonlyArray<string>): void {
    const files = new Map<Package, Set<string>>()
    for (const name of names) {
      const [pkg, path] = this.#compiler.fileOf(name) ?? []
      if (pkg !== undefined && path !== undefined) files.set(pkg, (files.get(pkg) ?? new Set()).add(path))
    }
    this.#labels = new Set([...files.keys()].map(({ label }) => label))
    if (this.isPending || [...files].filter(([pkg, paths]) => pkg.unify(paths)).length === 0) return
    this.#installation.followAgain()
  }

  /** The versions in the build, sorted, by what was asked for. */
  lock(): Readonly<Record<string, string>> {
    const { lock } = this.#installation.graph.versions
    return writeOwnLock(new Map([...lock].filter(([, value]) => this.#labels.has(value.split(" ", 1)[0] ?? ""))))
  }

  /** The modules of WebAssembly that the bundle imports from packages. It throws `PackageRefused` if one cannot be had. */
  modules(imports: ReadonlyArray<string>): ReadonlyArray<Module> {
    return wasmModules(this.#compiler, imports)
  }
}
