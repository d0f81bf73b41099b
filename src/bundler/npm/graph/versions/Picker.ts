import satisfies from "semver/functions/satisfies.js"
import { checkPackageName, readAlias } from "../../specifiers.ts"
import type { Lock, Locked, Release, Releases } from "../../types.ts"
import type { Choice } from "../../versions/peers.ts"
import type { Need, Project } from "../types.ts"

/** The ranges that ask for no certain version. */
const ANY: ReadonlySet<string> = new Set(["latest", "*", ""])

/** Finds the version for one need, without regard to those that are there already. */
export class Picker {
  readonly #releases: Releases
  readonly #project: Project
  readonly #lock: Lock
  readonly #picked = new Map<string, Promise<Release>>()

  constructor(releases: Releases, project: Project, lock: Lock) {
    this.#releases = releases
    this.#project = project
    this.#lock = lock
  }

  /**
   * The version that a lock has.
   *
   * @throws {PackageRefused} if the lock has it from another place than npm, or is malformed.
   */
  locked(need: Need): Locked | undefined {
    const { name, range, from } = need
    return this.#lockedFor(need) ?? this.#lock.find(from?.location ?? "", name, range)
  }

  /** Whether a lock has a version for this importer alone. */
  isLockedFor(need: Need): boolean {
    return this.#lockedFor(need) !== undefined
  }

  #lockedFor({ name, range, from }: Need): Locked | undefined {
    return from === undefined ? undefined : this.#lock.find(from.location, `${from.label}>${name}`, range)
  }

  /** Whether the project declares the package of an import in another package: its version then comes first, as npm has it. */
  isDeclared({ name, from }: Need): boolean {
    return from !== undefined && this.#project.rangeOf(name) !== undefined
  }

  /** Whether a version is one that the project asks for itself. */
  isOfProject(need: Need, { version }: Release): boolean {
    return this.isDeclared(need) && satisfies(version, this.#project.rangeOf(need.name) ?? "")
  }

  /**
   * Finds the version.
   *
   * @throws {PackageRefused} if there is none.
   */
  async pick(need: Need): Promise<Release> {
    const locked = this.locked(need)
    if (locked !== undefined) {
      const release = await this.#release(locked.name, locked.version)
      return locked.integrity === undefined ? release : { ...release, integrity: locked.integrity }
    }
    const declared = need.from === undefined ? undefined : this.#project.rangeOf(need.name)
    if (declared !== undefined) {
      // npm installs what the project asks for at the top, where packages find it.
      const top = await this.#find(need.name, declared).catch(() => undefined)
      if (top !== undefined && (need.peer || satisfies(top.version, need.range))) return top
    }
    return this.#find(need.name, need.range)
  }

  /** Looks for the versions that a release will probably need, before its archive says so. */
  foresee({ dependencies }: Release): void {
    for (const [name, range] of dependencies ?? []) {
      const alias = readAlias(name, this.#project.overrideOf(name) ?? range)
      this.#releases.foresee(alias.name, alias.range).then(
        (release) => release !== undefined && this.foresee(release),
        () => {}
      )
    }
  }

  /** Whether no certain version was asked for, so that any may be taken. npm takes `latest` of package.json like that, too. */
  isFree(need: Need): boolean {
    return need.from === undefined && ANY.has(need.range.trim()) && this.locked(need) === undefined
  }

  /** The versions that peers may be chosen among. */
  readonly choice: Choice = {
    versions: (name) => this.#releases.versions(name),
    exact: (name, version) => this.#release(name, version),
    declared: async (name) => {
      const range = this.#project.rangeOf(name)
      const release = range === undefined ? undefined : await this.#find(name, range).catch(() => undefined)
      return release?.version
    }
  }

  #find(name: string, range: string): Promise<Release> {
    const alias = readAlias(name, range)
    return this.#release(alias.name, alias.range)
  }

  #release(name: string, range: string): Promise<Release> {
    const key = `${name}@${range}`
    const picked =
      this.#picked.get(key) ?? Promise.resolve().then(() => this.#releases.pick(checkPackageName(name), range))
    this.#picked.set(key, picked)
    return picked
  }
}
