import type { Message, OnResolveArgs, OnResolveResult, Plugin } from "esbuild-wasm"
import { BundleError, BundlerCrashError, type Diagnostic } from "../diagnostics.ts"
import type { Module } from "../files/modules.ts"
import type { Files } from "../project/project.ts"
import { Graph } from "./graph/Graph.ts"
import type { Kind } from "./source/scan.ts"
import { Outstanding } from "./graph/Outstanding.ts"
import type { Need, Target } from "./graph/types.ts"
import { PackageRefused } from "./errors.ts"
import type { Package, Site } from "./package/Package.ts"
import type { PackagesOptions } from "./options.ts"
import { CompilerSide, kindOf } from "./plugin.ts"
import { CaughtImports } from "./project/CaughtImports.ts"
import type { GuessedImport } from "./project/guess-needs.ts"
import { Guesses } from "./project/Guesses.ts"
import { ProjectSide } from "./project/ProjectSide.ts"
import { refusalAt } from "./project/site.ts"
import { checkModules, explainCrash, explainPackageError, type InBundle, packageWarnings } from "./report.ts"
import { refuseRegistry } from "./specifiers.ts"
import { Supply } from "./Supply.ts"
import { wasmModules } from "./wasm-modules.ts"
import { readLocks } from "./lock/locks.ts"
import { writeOwnLock } from "./lock/own-lock.ts"

/** The packages of one build: finds, installs and hands them to the compiler. */
export class Packages {
  readonly #supply: Supply
  readonly #files: Files
  /** The words of the project about packages. */
  readonly project: ProjectSide
  readonly #newGraph: () => Graph
  #graph: Graph
  readonly #compiler: CompilerSide
  readonly #guesses: Guesses
  readonly #open = new Outstanding()
  #isUsed = false
  /** The bytes that the compiler took, by package. */
  readonly #taken = new Map<Package, number>()
  #tooLarge: PackageRefused | undefined
  readonly #caught = new CaughtImports()
  #installs = 0
  #isInstalled = false
  #labels: ReadonlySet<string> = new Set()

  constructor(options: PackagesOptions) {
    const { files, entrypoint, lock, mayBeOwn, others } = options
    this.#supply = new Supply(options)
    this.#files = files
    this.project = new ProjectSide(files, entrypoint, mayBeOwn)
    this.#guesses = new Guesses(files, entrypoint, (it) => this.project.isPackage(it))
    const locks = readLocks(files, lock)
    const { registry, archives, keep } = this.#supply
    this.#newGraph = () => new Graph(registry, archives, this.project, locks, keep)
    this.#graph = this.#newGraph()
    this.#compiler = new CompilerSide(
      {
        resolve: (pkg, importer, specifier, kind) => {
          const target = this.#graph.resolver.fromPackage(pkg, importer, specifier, kind)
          return this.#check(target, this.#graph.reach.isFollowed(pkg, importer, specifier, kind))
        },
        take: (pkg, path, isRaw) => this.#take(pkg, path, isRaw)
      },
      others
    )
  }

  /** Guesses the project's imports of packages. Returns whether there seem to be any. */
  guess(): boolean {
    for (const need of this.#needsOf(this.#guesses.make())) this.#open.need(need)
    return this.isPending
  }

  #needsOf(guesses: ReadonlyArray<GuessedImport>): ReadonlyArray<Need> {
    return guesses.flatMap(({ site, kind, names }) => {
      const target = this.#target(site, kind)
      return target.type === "need" ? [{ ...target.need, names }] : []
    })
  }

  /** Ends all requests, late ones a little later. Call it when the build ends, however it ends. */
  close(): Promise<void> {
    return this.#supply.close()
  }

  /** Whether packages must be installed before there can be a bundle. */
  get isPending(): boolean {
    return this.#open.isPending
  }

  /** Whether the registry was asked, so that the same source may get another answer later. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  /** Begins anew without the guess. Returns whether the guess was what failed to install, so that it may be wrong. */
  forgetGuess(): boolean {
    const isGuess = this.#installs === 1 && !this.#isInstalled
    if (isGuess) this.#graph = this.#newGraph()
    this.#open.clear()
    return isGuess
  }

  /**
   * Guesses once more, now that the compiler has asked for packages without the guess.
   *
   * @returns false if the guess was right, so that it would fail again.
   */
  guessAgain(): boolean {
    const right = this.#guesses.narrow()
    if (right !== undefined) this.#open.restart(this.#needsOf(right))
    return right !== undefined
  }

  /**
   * Installs what the guess and the compiler found to be missing.
   *
   * @param hold waits until the build may hold this many bytes of packages.
   * @throws {PackageRefused} if a limit is exceeded.
   * @throws {BundleError} if a limit is exceeded and a peer is missing.
   * @throws {RegistryUnavailableError} if the registry does not answer as it should.
   * @throws {BundlerCrashError} if nothing is missing that was not missing before: every further round would be the same.
   */
  async install(hold?: (bytes: number) => Promise<void>): Promise<void> {
    this.#supply.hold = hold
    this.#isUsed = true
    if (this.isPending && !this.#open.isNew)
      throw new BundlerCrashError("The compiler asks again for packages that were installed")
    this.#installs++
    try {
      await this.#graph.install(this.#open.needs, this.#open.overlooked)
      this.#supply.arrived()
      this.#isInstalled = true
      this.#open.clear()
      this.#taken.clear()
      this.#tooLarge = undefined
    } catch (error) {
      throw this.#reason(error)
    }
    this.#graph.release()
  }

  /**
   * The reason that the author should hear for packages that are too large: a missing peer, if there is one, because without the peer a
   * smaller build would fail as well. Otherwise the compiler reports it, for the guess of imports may be wrong.
   */
  #reason<E>(error: E): E | BundleError {
    const isTooLarge = error instanceof PackageRefused && ["too-large", "too-many"].includes(error.code)
    const missing = isTooLarge ? this.#graph.reach.missingPeer() : undefined
    return missing === undefined ? error : new BundleError([refusalAt(this.#files, missing.site, missing.error)], false)
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
    const target = this.#check(this.#target(site, kind), this.#guesses.ask(site, kind))
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
    if (!this.#isUsed || !this.#graph.reach.pruning) return false
    if (!errors.some(({ text }) => text.startsWith("No matching export"))) return false
    this.#graph.stopPruning()
    this.#open.reopen()
    return true
  }

  /** The versions in the build, sorted, by what was asked for. */
  lock(): Readonly<Record<string, string>> {
    const used = [...this.#graph.versions.lock].filter(([, value]) => this.#labels.has(value.split(" ", 1)[0] ?? ""))
    return writeOwnLock(new Map(used))
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
    this.#graph.forgetFiles()
    this.#open.reopen()
  }

  /** Warnings about packages, given the modules in the bundle by name, with the bytes that each has in the output. */
  warnings(inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>): ReadonlyArray<Diagnostic> {
    const files = Object.entries(inputs).flatMap(([name, { bytesInOutput }]): ReadonlyArray<InBundle> => {
      const [pkg, path] = this.#compiler.fileOf(name) ?? []
      return pkg === undefined || path === undefined ? [] : [{ pkg, path, bytes: bytesInOutput }]
    })
    return [
      ...(files.length === 0 ? [] : this.project.versionWarnings()),
      ...this.#caught.warnings(this.#files),
      ...packageWarnings(this.#files, this.#graph, files)
    ]
  }

  /** The modules of WebAssembly that the bundle imports from packages. It throws `PackageRefused` if one cannot be had. */
  readonly modules = (imports: ReadonlyArray<string>): ReadonlyArray<Module> => wasmModules(this.#compiler, imports)

  /** Explains an error of the compiler that is about packages; `undefined` for all others. */
  explain(message: Message): Diagnostic | undefined {
    if (this.#tooLarge !== undefined && message.detail === this.#tooLarge) {
      const reason = this.#reason(this.#tooLarge)
      return reason instanceof BundleError ? reason.diagnostics[0] : refusalAt(this.#files, undefined, reason)
    }
    const refused = this.#caught.of(message)
    const about = refused === undefined ? message : { ...message, text: refused.text, detail: refused }
    return explainPackageError(this.#files, this.#compiler, about)
  }

  /** Explains a crash of the compiler; `undefined` if no packages are in the build. */
  explainCrash(crash: Error): Error | undefined {
    return this.#isUsed ? this.#reason(explainCrash(crash, this.#taken)) : undefined
  }

  #target(site: Site, kind: Kind): Target {
    return this.#graph.resolver.fromProject(site, kind, this.project.rangeFor(site))
  }

  /** Notes what the compiler asked for and the guess overlooked. */
  #check(target: Target, wasFollowed: boolean): Target {
    if (target.type === "need") this.#open.need(target.need)
    if (target.type === "file" && !wasFollowed && !this.#graph.reach.isWhole(target)) this.#open.file(target)
    return target
  }

  /** Lets go of a file once the compiler has it, unless it is certain that it will ask again. */
  #take(pkg: Package, path: string, isRaw: boolean): Uint8Array | string | PackageRefused | undefined {
    const source = isRaw ? pkg.files.get(path) : this.#graph.reach.source(pkg, path)
    if (source === undefined) this.#open.lost(pkg, path)
    else {
      this.#taken.set(pkg, (this.#taken.get(pkg) ?? 0) + source.length)
      this.#tooLarge ??= checkModules(this.#taken)
      if (this.#tooLarge !== undefined) return this.#tooLarge
      if (!this.isPending && !this.#open.isKept(pkg, path)) pkg.files.delete(path)
    }
    return source
  }
}
