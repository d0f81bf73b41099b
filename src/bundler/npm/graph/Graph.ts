import { PackageRefused, RegistryUnavailableError } from "../errors.ts"
import { PACKAGE_LIMITS } from "../limits.ts"
import { extentFor } from "../archive/importable.ts"
import { Package } from "../package/Package.ts"
import type { Archives, Lock, Release, Releases } from "../types.ts"
import { Held } from "./Held.ts"
import { Level } from "./Level.ts"
import { inParallel } from "./parallel.ts"
import { Picker } from "./Picker.ts"
import { Reach } from "./Reach.ts"
import { Resolver } from "./Resolver.ts"
import { compareText, type FileTarget, type Need, type Project } from "./types.ts"
import { type Chosen, Versions } from "./Versions.ts"

/** Small packages are held whole, because the main module of some is an unlikely file (`dayjs.min.js`). */
const SMALL = 4 * 1024 * 1024

const isSmall = ({ unpackedSize }: Release): boolean => unpackedSize > 0 && unpackedSize < SMALL

/** The packages of one build. Only those that imports lead to are installed. */
export class Graph {
  readonly #archives: Archives
  readonly #packages = new Map<string, Package>()
  readonly #held: Held
  readonly versions: Versions
  readonly resolver: Resolver
  readonly reach: Reach
  /** While imports are followed, only the package that they are in is ready: so the order of answers changes no level. */
  #entering: Package | undefined
  #isInstalling = false

  constructor(releases: Releases, archives: Archives, project: Project, lock: Lock, keep: (bytes: number) => void) {
    this.#held = new Held(this.#packages, keep)
    this.#archives = archives
    this.versions = new Versions(new Picker(releases, project, lock), (release) =>
      archives.expect(release, isSmall(release))
    )
    this.resolver = new Resolver(project, {
      of: (need) => {
        const chosen = this.versions.of(need)
        if (chosen === undefined || chosen instanceof PackageRefused) return chosen
        const pkg = this.#packages.get(chosen.id)
        return this.#isInstalling && pkg !== this.#entering ? undefined : pkg
      },
      has: (name) => this.versions.has(name)
    })
    this.reach = new Reach(this.resolver)
  }

  /** The packages, in alphabetical order. */
  get packages(): ReadonlyArray<Package> {
    return [...this.#packages.values()].toSorted((a, b) => compareText(a.id, b.id))
  }

  /** From now on barrels are taken whole, because the compiler found that something is missing. */
  stopPruning(): void {
    this.reach.stopPruning()
    this.forgetFiles()
  }

  /** Follows all imports once more when something is installed the next time, because they lead to other files now. */
  forgetFiles(): void {
    this.reach.forget()
    for (const { reached, lost } of this.#packages.values()) {
      reached.clear()
      lost.clear()
    }
  }

  /**
   * Installs what is needed, level by level, until nothing is.
   *
   * @param overlooked files that the compiler needs as a whole.
   * @throws {PackageRefused} if a limit is exceeded.
   * @throws {RegistryUnavailableError} if the registry does not answer as it should.
   */
  async install(first: ReadonlyArray<Need>, overlooked: ReadonlyArray<FileTarget>): Promise<void> {
    this.#isInstalling = true
    try {
      // The compiler has taken them already, and needs them again.
      for (const pkg of this.packages)
        for (const path of pkg.reached) if (this.reach.source(pkg, path) === undefined) pkg.lost.add(path)
      let level = new Level()
      for (const need of first) level.add(need)
      const again = new Level()
      for (const target of overlooked) this.#entered(target.pkg, () => this.reach.enter(target, true, again.add))
      await this.#recover(again)
      for (const need of again.sorted()) level.add(need)
      for (let count = 0; level.sorted().length > 0; count++) {
        if (count > PACKAGE_LIMITS.levels)
          throw new PackageRefused({ code: "too-deep", text: "The packages depend on each other in too many steps" })
        level = await this.#step(level.sorted())
      }
    } finally {
      this.#isInstalling = false
    }
  }

  /** Lets go of the files that the compiler does not need, before it takes memory. */
  release(): void {
    this.#held.releaseUnreached()
  }

  async #step(needs: ReadonlyArray<Need>): Promise<Level> {
    const next = new Level()
    const added = await this.versions.assign(needs)
    const enter = (id: string) => {
      for (const need of needs) {
        const chosen = this.versions.of(need)
        if (chosen === undefined || chosen instanceof PackageRefused || chosen.id !== id) continue
        this.#entered(this.#packages.get(id), () =>
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
    const others = needs.flatMap((need) => {
      const chosen = this.versions.of(need)
      return chosen === undefined || chosen instanceof PackageRefused || isNew.has(chosen.id) ? [] : [chosen.id]
    })
    for (const id of new Set(others)) enter(id)
    await this.#recover(next)
    this.#held.trim()
    return next
  }

  #entered(pkg: Package | undefined, follow: () => void): void {
    this.#entering = pkg
    follow()
    this.#entering = undefined
  }

  /** A refused archive is an error only where the compiler needs the package. */
  async #load(chosen: Chosen): Promise<void> {
    const { id, release, location, origin } = chosen
    try {
      const archive = await this.#archives.files(release, isSmall(release))
      this.#packages.set(id, new Package(release, archive, id, location, origin))
    } catch (error) {
      if (!(error instanceof PackageRefused)) throw error
      this.versions.refuse(chosen, error.via(origin.from?.chain() ?? []))
    }
  }

  #lost(): ReadonlyArray<Package> {
    return this.packages.filter((pkg) => pkg.lost.size > 0)
  }

  /** Fetches files again that were let go of, or were not held at all. They may lead to further ones. */
  async #recover(next: Level): Promise<void> {
    for (let lost = this.#lost(); lost.length > 0; lost = this.#lost())
      for (const pkg of lost) {
        const paths = [...pkg.lost]
        await this.#refetch(pkg, paths)
        pkg.lost.clear()
        this.#entered(pkg, () => {
          for (const path of paths) this.reach.resume(pkg, path, next.add)
        })
        this.#held.trim()
      }
  }

  async #refetch(pkg: Package, paths: ReadonlyArray<string>): Promise<void> {
    const held = new Map([...pkg.files].filter(([path]) => extentFor(path) !== "modules"))
    for (const extent of ["text", "wasm"] as const) {
      if (!paths.some((path) => extentFor(path) === extent)) continue
      const { files } = await this.#archives.files(pkg.release, extent)
      for (const path of paths) {
        const bytes = files.get(path)
        if (bytes !== undefined) held.set(path, bytes)
      }
    }
    const modules = paths.filter((path) => extentFor(path) === "modules")
    if (modules.length > 0) {
      let archive = await this.#archives.files(pkg.release, pkg.wide)
      if (modules.some((path) => !archive.files.has(path))) archive = await this.#archives.files(pkg.release, true)
      pkg.files = archive.files
      pkg.wide = archive.wide
    }
    for (const [path, bytes] of held) pkg.files.set(path, bytes)
    const missing = paths.find((path) => !pkg.files.has(path))
    if (missing !== undefined) throw new RegistryUnavailableError(`The archive of ${pkg.label} lacks ${missing} now`)
  }
}
