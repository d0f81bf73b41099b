import { PackageRefused } from "../errors.ts"
import { PACKAGE_LIMITS } from "../limits.ts"
import type { Package } from "../package/Package.ts"
import type { Archives, Lock, Releases } from "../types.ts"
import { Held } from "./Held.ts"
import { InstalledPackages } from "./InstalledPackages.ts"
import { Level } from "./Level.ts"
import { PackageLoader } from "./PackageLoader.ts"
import { inParallel } from "./parallel.ts"
import { Reach } from "./reach/Reach.ts"
import { Resolver } from "./Resolver.ts"
import type { FileTarget, Need, Project } from "./types.ts"
import type { Chosen } from "./versions/ChosenVersions.ts"
import { Picker } from "./versions/Picker.ts"
import { Versions } from "./versions/Versions.ts"

/** The packages of one build. Only those that imports lead to are installed. */
export class Graph {
  readonly #loader: PackageLoader
  readonly #installed: InstalledPackages
  readonly #held: Held
  readonly versions: Versions
  readonly resolver: Resolver
  readonly reach: Reach

  constructor(releases: Releases, archives: Archives, project: Project, lock: Lock, keep: (bytes: number) => void) {
    this.#loader = new PackageLoader(archives)
    this.versions = new Versions(new Picker(releases, project, lock), (release) => this.#loader.expect(release))
    this.#installed = new InstalledPackages(this.versions)
    this.#held = new Held(this.#installed.byId, keep)
    this.resolver = new Resolver(project, this.#installed)
    this.reach = new Reach(this.resolver)
  }

  /** The packages, in alphabetical order. */
  get packages(): ReadonlyArray<Package> {
    return this.#installed.sorted()
  }

  /** From now on barrels are taken whole, because the compiler found that something is missing. */
  stopPruning(): void {
    this.reach.stopPruning()
    this.forgetFiles()
  }

  /** Follows all imports once more when something is installed the next time, because they lead to other files now. */
  forgetFiles(): void {
    this.reach.forget()
    for (const { reached, lost } of this.packages) {
      reached.clear()
      lost.clear()
    }
  }

  /** Lets go of the files that the compiler does not need, before it takes memory. */
  release(): void {
    this.#held.releaseUnreached()
  }

  /**
   * Installs what is needed, level by level, until nothing is.
   *
   * @param overlooked files that the compiler needs as a whole.
   * @throws {PackageRefused} if a limit is exceeded.
   * @throws {RegistryUnavailableError} if the registry does not answer as it should.
   */
  install(first: ReadonlyArray<Need>, overlooked: ReadonlyArray<FileTarget>): Promise<void> {
    return this.#installed.during(async () => {
      let level = await this.#first(first, overlooked)
      for (let count = 0; level.sorted().length > 0; count++) {
        if (count > PACKAGE_LIMITS.levels)
          throw new PackageRefused({ code: "too-deep", text: "The packages depend on each other in too many steps" })
        level = await this.#step(level.sorted())
      }
    })
  }

  /** The level to begin with: the given needs, and those of the files that the compiler lacks. */
  async #first(needs: ReadonlyArray<Need>, overlooked: ReadonlyArray<FileTarget>): Promise<Level> {
    // The compiler has taken them already, and needs them again.
    for (const pkg of this.packages)
      for (const path of pkg.reached) if (this.reach.source(pkg, path) === undefined) pkg.lost.add(path)
    const level = new Level()
    for (const need of needs) level.add(need)
    const again = new Level()
    for (const target of overlooked) this.#installed.enter(target.pkg, () => this.reach.enter(target, true, again.add))
    await this.#recover(again)
    for (const need of again.sorted()) level.add(need)
    return level
  }

  /** Installs a level. Returns the next one. */
  async #step(needs: ReadonlyArray<Need>): Promise<Level> {
    const next = new Level()
    const added = await this.versions.assign(needs)
    const enter = (id: string) => {
      for (const need of needs) {
        if (this.#idOf(need) !== id) continue
        this.#installed.enter(this.#installed.byId.get(id), () =>
          this.reach.enter(this.resolver.of(need, "dynamic"), need.names ?? true, next.add)
        )
      }
    }
    await inParallel(added, async (chosen) => {
      await this.#load(chosen)
      enter(chosen.id)
      this.#held.trim()
    })
    const isNew = new Set(added.map(({ id }) => id))
    const others = needs.flatMap((need) => this.#idOf(need) ?? []).filter((id) => !isNew.has(id))
    for (const id of new Set(others)) enter(id)
    await this.#recover(next)
    this.#held.trim()
    return next
  }

  /** The id of the version for a need; `undefined` if there is none. */
  #idOf(need: Need): string | undefined {
    const chosen = this.versions.of(need)
    return chosen === undefined || chosen instanceof PackageRefused ? undefined : chosen.id
  }

  /** A refused archive is an error only where the compiler needs the package. */
  async #load(chosen: Chosen): Promise<void> {
    try {
      this.#installed.add(await this.#loader.load(chosen))
    } catch (error) {
      if (!(error instanceof PackageRefused)) throw error
      this.versions.refuse(chosen, error.via(chosen.origin.from?.chain() ?? []))
    }
  }

  /** Fetches files again that were let go of, or were not held at all. They may lead to further ones. */
  async #recover(next: Level): Promise<void> {
    for (let lost = this.#installed.lost(); lost.length > 0; lost = this.#installed.lost())
      for (const pkg of lost) {
        const paths = [...pkg.lost]
        await this.#loader.reload(pkg, paths)
        pkg.lost.clear()
        this.#installed.enter(pkg, () => {
          for (const path of paths) this.reach.resume(pkg, path, next.add)
        })
        this.#held.trim()
      }
  }
}
