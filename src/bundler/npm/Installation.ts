import { BundlerCrashError } from "../diagnostics.ts"
import { Graph } from "./graph/Graph.ts"
import { Outstanding } from "./graph/Outstanding.ts"
import type { Need, Target } from "./graph/types.ts"
import { readLocks } from "./lock/locks.ts"
import type { PackagesOptions } from "./options.ts"
import type { Site } from "./package/Package.ts"
import type { GuessedImport } from "./project/guess-needs.ts"
import { Guesses } from "./project/Guesses.ts"
import type { ProjectSide } from "./project/ProjectSide.ts"
import type { Kind } from "./source/scan.ts"
import { Supply } from "./Supply.ts"

/** The installs of one build: of what the project seems to import first, and then of what the compiler finds to be missing. */
export class Installation {
  readonly #supply: Supply
  readonly #project: ProjectSide
  readonly #guesses: Guesses
  readonly #newGraph: () => Graph
  #graph: Graph
  /** All that is still to be installed. */
  readonly open = new Outstanding()
  #isUsed = false
  #installs = 0
  #isInstalled = false

  constructor(options: PackagesOptions, project: ProjectSide) {
    const { files, entrypoint, lock } = options
    this.#supply = new Supply(options)
    this.#project = project
    this.#guesses = new Guesses(files, entrypoint, (it) => project.isPackage(it))
    const locks = readLocks(files, lock)
    const { registry, archives, keep } = this.#supply
    this.#newGraph = () => new Graph(registry, archives, project, locks, keep)
    this.#graph = this.#newGraph()
  }

  /** The packages, as far as they are installed. */
  get graph(): Graph {
    return this.#graph
  }

  /** Whether the registry was asked, so that the same source may get another answer later. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  /** Guesses the project's imports of packages. */
  guess(): void {
    for (const need of this.#needsOf(this.#guesses.make())) this.open.need(need)
  }

  #needsOf(guesses: ReadonlyArray<GuessedImport>): ReadonlyArray<Need> {
    return guesses.flatMap(({ site, kind, names }) => {
      const target = this.target(site, kind)
      return target.type === "need" ? [{ ...target.need, names }] : []
    })
  }

  /** Where an import of the project leads. */
  target(site: Site, kind: Kind): Target {
    return this.#graph.resolver.fromProject(site, kind, this.#project.rangeFor(site))
  }

  /** Notes an import of the project that the compiler asks for. Returns whether it was guessed. */
  ask(site: Site, kind: Kind): boolean {
    return this.#guesses.ask(site, kind)
  }

  /** Begins anew without the guess. Returns whether the guess was what failed to install, so that it may be wrong. */
  forgetGuess(): boolean {
    const isGuess = this.#installs === 1 && !this.#isInstalled
    if (isGuess) this.#graph = this.#newGraph()
    this.open.clear()
    return isGuess
  }

  /**
   * Guesses once more, now that the compiler has asked for packages without the guess.
   *
   * @returns false if the guess was right, so that it would fail again.
   */
  guessAgain(): boolean {
    const right = this.#guesses.narrow()
    if (right !== undefined) this.open.restart(this.#needsOf(right))
    return right !== undefined
  }

  /**
   * Installs what is outstanding.
   *
   * @param hold waits until the build may hold this many bytes of packages.
   * @throws {PackageRefused} if a limit is exceeded.
   * @throws {RegistryUnavailableError} if the registry does not answer as it should.
   * @throws {BundlerCrashError} if nothing is missing that was not missing before: every further round would be the same.
   */
  async install(hold?: (bytes: number) => Promise<void>): Promise<void> {
    this.#supply.hold = hold
    this.#isUsed = true
    if (this.open.isPending && !this.open.isNew)
      throw new BundlerCrashError("The compiler asks again for packages that were installed")
    this.#installs++
    await this.#graph.install(this.open.needs, this.open.overlooked)
    this.#supply.arrived()
    this.#isInstalled = true
    this.open.clear()
    this.#graph.release()
  }

  /** Takes barrels whole from the next install on. Returns whether that changes anything. */
  stopPruning(): boolean {
    if (!this.#isUsed || !this.#graph.reach.pruning) return false
    this.#graph.stopPruning()
    this.open.reopen()
    return true
  }

  /** Follows all imports once more at the next install, because they lead to other files now. */
  followAgain(): void {
    this.#graph.forgetFiles()
    this.open.reopen()
  }

  /** Ends all requests, late ones a little later. */
  close(): Promise<void> {
    return this.#supply.close()
  }
}
