import satisfies from "semver/functions/satisfies.js"
import validRange from "semver/ranges/valid.js"
import { PackageRefused } from "../errors.ts"
import { PACKAGE_LIMITS } from "../limits.ts"
import type { Origin, Package } from "../package/Package.ts"
import type { Release } from "../types.ts"
import { acceptsPeer, settlePeers } from "../versions/peers.ts"
import { inParallel } from "./parallel.ts"
import type { Picker } from "./Picker.ts"
import { compareText, type Need } from "./types.ts"

/** A version that was chosen. */
export interface Chosen {
  /** Unique in a build. */
  readonly id: string
  readonly release: Release
  /** Its place in npm's lock; "" without. */
  readonly location: string
  readonly origin: Origin
}

/** A package that gets another version of a peer than it accepts. */
export interface Unfit {
  readonly from: Package
  readonly name: string
  readonly range: string
  readonly version: string
}

const labelOf = ({ name, version }: Release): string => `${name}@${version}`

const originOf = ({ from, site }: Need): Origin => ({ from, site: from?.origin.site ?? site })

/**
 * Chooses the version for every need, as npm does: a version that is there already if it satisfies, else the one that the
 * project asks for, else the newest. Needs are taken level by level and sorted, so that the order in which the registry
 * answers changes nothing.
 */
export class Versions {
  readonly #picker: Picker
  readonly #expect: (release: Release) => void
  readonly #assigned = new Map<string, Chosen | PackageRefused>()
  readonly #byName = new Map<string, Array<Chosen>>()
  readonly #ids = new Set<string>()
  readonly #asked = new Set<string>()
  /** The versions of this build, by what was asked for. */
  readonly lock = new Map<string, string>()
  /** The peers that their importers do not accept. */
  readonly unfit = new Map<string, Unfit>()

  /** @param expect gets each version that is probably chosen, while others are still looked for. */
  constructor(picker: Picker, expect: (release: Release) => void) {
    this.#picker = picker
    this.#expect = expect
  }

  /** The version for a need, or why there is none; `undefined` before `assign`. */
  of(need: Need): Chosen | PackageRefused | undefined {
    return this.#assigned.get(this.#descriptor(need))
  }

  /** Whether any version of a package was chosen. */
  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** Whether a version of it was asked for, and not only its latest. */
  isAsked(id: string): boolean {
    return this.#asked.has(id)
  }

  /** Turns a package down after it was chosen, because its archive is refused. */
  refuse(chosen: Chosen, error: PackageRefused): void {
    for (const [descriptor, it] of this.#assigned)
      if (it instanceof PackageRefused === false && it.id === chosen.id) this.#assigned.set(descriptor, error)
  }

  /**
   * Chooses a version for each need of a level.
   *
   * @returns the versions that were not in the build yet.
   */
  async assign(needs: ReadonlyArray<Need>): Promise<ReadonlyArray<Chosen>> {
    const keyOf = ({ name, range, from }: Need) => `${name}@${range} ${from?.id ?? ""}`
    const open = new Map<string, Need>()
    const sorted = needs.toSorted((a, b) => compareText(keyOf(a), keyOf(b)))
    for (const need of sorted) {
      const descriptor = this.#descriptor(need)
      if (!this.#assigned.has(descriptor) && !open.has(descriptor)) open.set(descriptor, need)
    }
    const undecided = [...open].filter(
      ([descriptor, need]) => this.#picker.isDeclared(need) || !this.#reuse(descriptor, need)
    )
    const answers = new Map<string, Release | PackageRefused>()
    await inParallel(undecided, async ([descriptor, need]) => {
      const answer = await this.#picker.pick(need).catch((error: unknown) => {
        if (error instanceof PackageRefused) return error
        throw error
      })
      answers.set(descriptor, answer)
      if (answer instanceof PackageRefused) return
      if (!this.#picker.isFree(need)) this.#expect(answer)
      if (this.#picker.locked(need) === undefined) this.#picker.foresee(answer)
    })
    await this.#settle(undecided, answers)
    const added = undecided.flatMap(([descriptor, need]) => {
      const answer = answers.get(descriptor)
      if (answer === undefined) return []
      const isFirst = !(answer instanceof PackageRefused) && this.#picker.isOfProject(need, answer)
      if (!isFirst && this.#reuse(descriptor, need)) return []
      if (!(answer instanceof PackageRefused)) return this.#choose(descriptor, need, answer)
      this.#assigned.set(descriptor, answer)
      return []
    })
    for (const need of sorted) this.#note(need)
    return added
  }

  /** Takes versions that fit together, where none was asked for. */
  async #settle(
    undecided: ReadonlyArray<readonly [descriptor: string, need: Need]>,
    answers: Map<string, Release | PackageRefused>
  ): Promise<void> {
    const releases = [...answers].flatMap(([key, it]) => (it instanceof PackageRefused ? [] : [[key, it] as const]))
    const free = new Map(
      undecided.filter(([, need]) => this.#picker.isFree(need)).map(([key, { name }]) => [key, name])
    )
    const settled = new Map(releases.filter(([key]) => free.has(key)).map(([, release]) => [release.name, release]))
    if (settled.size === 0) return
    const others = releases.filter(([key]) => !free.has(key)).map(([, release]) => release)
    const chosen = [...this.#byName.values()].flatMap((list) => list.map(({ release }) => release))
    await settlePeers(this.#picker.choice, settled, [...chosen, ...others])
    for (const [key, name] of free) {
      const release = settled.get(name)
      if (release !== undefined) answers.set(key, release)
    }
  }

  #choose(descriptor: string, need: Need, release: Release): ReadonlyArray<Chosen> {
    const location = this.#picker.locked(need)?.location ?? ""
    const sameName = this.#byName.get(release.name) ?? []
    const known = sameName.find((it) => it.release.version === release.version && it.location === location)
    const label = labelOf(release)
    const id = this.#ids.has(label) ? `${label}+${this.#ids.size}` : label
    const chosen = known ?? { id, release, location, origin: originOf(need) }
    this.#assigned.set(descriptor, chosen)
    if (need.from !== undefined || need.range !== "latest" || this.#picker.locked(need) !== undefined)
      this.#asked.add(chosen.id)
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

  /** With a lock, the version may depend on the importer or its place; else on what it asks for alone. */
  #descriptor(need: Need): string {
    const plain = `${need.peer ? "peer:" : ""}${need.name}@${need.range}`
    try {
      const { location = "" } = this.#picker.locked(need) ?? {}
      if (location !== "") return location
      return this.#picker.isLockedFor(need) ? `${need.from?.label}>${plain}` : plain
    } catch (error) {
      if (!(error instanceof PackageRefused)) throw error
      this.#assigned.set(plain, error)
      return plain
    }
  }

  /** A version that is there already serves if it satisfies. A peer takes the version that is there in any case. */
  #reuse(descriptor: string, need: Need): boolean {
    if (need.from === undefined || this.#picker.locked(need) !== undefined) return false
    const there = this.#byName.get(need.name) ?? []
    const fits =
      there.find(({ release }) => satisfies(release.version, need.range)) ?? (need.peer ? there[0] : undefined)
    if (fits === undefined) return false
    this.#assigned.set(descriptor, fits)
    return true
  }

  /** Two importers may get different versions for the same words, from npm's lock: then the importer is named as well. */
  #note(need: Need): void {
    const chosen = this.of(need)
    if (chosen === undefined || chosen instanceof PackageRefused) return
    const { name, range, from } = need
    const { release } = chosen
    // The range of the need may be the project's own.
    const accepted = from?.dependency(name)
    const isPeer = need.peer && accepted?.peer === true && validRange(accepted.range, true) !== null
    if (from !== undefined && isPeer && !acceptsPeer(accepted.range, release.version))
      this.unfit.set(`${from.id}>${name}`, { from, name, range: accepted.range, version: release.version })
    const key = `${name}@${range}`
    const value = `${labelOf(release)} ${release.integrity ?? `sha1-${release.shasum}`}`
    const known = this.lock.get(key)
    this.lock.set(known === undefined || known === value || from === undefined ? key : `${from.label}>${key}`, value)
  }
}
