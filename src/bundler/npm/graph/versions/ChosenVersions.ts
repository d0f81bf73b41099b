import satisfies from "semver/functions/satisfies.js"
import { PackageRefused } from "../../errors.ts"
import { PACKAGE_LIMITS } from "../../limits.ts"
import type { Origin } from "../../package/Package.ts"
import type { Release } from "../../types.ts"
import type { Need } from "../types.ts"

/** A version that was chosen. */
export interface Chosen {
  /** Unique in a build. */
  readonly id: string
  readonly release: Release
  /** Its place in npm's lock; "" without. */
  readonly location: string
  readonly origin: Origin
}

/** The name and the version of a release: `zod@4.6.7`. */
export const labelOf = ({ name, version }: Release): string => `${name}@${version}`

const originOf = ({ from, site }: Need): Origin => ({ from, site: from?.origin.site ?? site })

/** The versions of a build: those that were chosen, by name, and the answer for each descriptor of a need. */
export class ChosenVersions {
  readonly #assigned = new Map<string, Chosen | PackageRefused>()
  readonly #byName = new Map<string, Array<Chosen>>()
  readonly #ids = new Set<string>()
  readonly #asked = new Set<string>()

  /** The version for a descriptor, or why there is none; `undefined` before there is an answer. */
  of(descriptor: string): Chosen | PackageRefused | undefined {
    return this.#assigned.get(descriptor)
  }

  /** Whether any version of a package was chosen. */
  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** Whether a version of it was asked for, and not only its latest. */
  isAsked(id: string): boolean {
    return this.#asked.has(id)
  }

  /** The releases of all versions. */
  get releases(): ReadonlyArray<Release> {
    return [...this.#byName.values()].flatMap((list) => list.map(({ release }) => release))
  }

  /** Notes why there is no version for a descriptor. */
  refuse(descriptor: string, error: PackageRefused): void {
    this.#assigned.set(descriptor, error)
  }

  /** Refuses every descriptor that a version was chosen for. */
  refuseChosen(chosen: Chosen, error: PackageRefused): void {
    for (const [descriptor, it] of this.#assigned)
      if (it instanceof PackageRefused === false && it.id === chosen.id) this.#assigned.set(descriptor, error)
  }

  /**
   * Takes a version that is there already, if it satisfies. A peer takes the version that is there in any case.
   *
   * @returns whether there is one.
   */
  reuse(descriptor: string, { name, range, peer }: Need): boolean {
    const there = this.#byName.get(name) ?? []
    const fits = there.find(({ release }) => satisfies(release.version, range)) ?? (peer ? there[0] : undefined)
    if (fits === undefined) return false
    this.#assigned.set(descriptor, fits)
    return true
  }

  /**
   * Chooses a version for a need.
   *
   * @param location its place in npm's lock; `undefined` if no lock has it.
   * @returns the version, if it was not in the build yet.
   * @throws {PackageRefused} if the build has too many.
   */
  choose(descriptor: string, need: Need, release: Release, location: string | undefined): ReadonlyArray<Chosen> {
    const place = location ?? ""
    const sameName = this.#byName.get(release.name) ?? []
    const known = sameName.find((it) => it.release.version === release.version && it.location === place)
    const label = labelOf(release)
    const id = this.#ids.has(label) ? `${label}+${this.#ids.size}` : label
    const chosen = known ?? { id, release, location: place, origin: originOf(need) }
    this.#assigned.set(descriptor, chosen)
    if (need.from !== undefined || need.range !== "latest" || location !== undefined) this.#asked.add(chosen.id)
    if (known !== undefined) return []
    this.#ids.add(id)
    this.#byName.set(release.name, [...sameName, chosen])
    if (this.#ids.size > PACKAGE_LIMITS.packages)
      throw new PackageRefused(
        {
          code: "too-many",
          text: `The build needs more than ${PACKAGE_LIMITS.packages} packages`,
          hint: "Import fewer packages."
        },
        need.from?.chain()
      )
    return [chosen]
  }
}
