import { PackageRefused } from "../../errors.ts"
import type { Release } from "../../types.ts"
import { inParallel } from "../parallel.ts"
import { compareText, type Need } from "../types.ts"
import { type Chosen, ChosenVersions } from "./ChosenVersions.ts"
import type { Picker } from "./Picker.ts"
import { type Answers, settle, type Undecided } from "./settle.ts"
import { type Unfit, VersionNotes } from "./VersionNotes.ts"

const keyOf = ({ name, range, from }: Need): string => `${name}@${range} ${from?.id ?? ""}`

/**
 * Chooses the version for every need, as npm does: a version that is there already if it satisfies, else the one that the
 * project asks for, else the newest. Needs are taken level by level and sorted, so that the order in which the registry
 * answers changes nothing.
 */
export class Versions {
  readonly #picker: Picker
  readonly #expect: (release: Release) => void
  readonly #chosen = new ChosenVersions()
  readonly #notes = new VersionNotes()

  /** @param expect gets each version that is probably chosen, while others are still looked for. */
  constructor(picker: Picker, expect: (release: Release) => void) {
    this.#picker = picker
    this.#expect = expect
  }

  /** The versions of this build, by what was asked for. */
  get lock(): ReadonlyMap<string, string> {
    return this.#notes.lock
  }

  /** The peers that their importers do not accept. */
  get unfit(): ReadonlyMap<string, Unfit> {
    return this.#notes.unfit
  }

  /** The version for a need, or why there is none; `undefined` before `assign`. */
  of(need: Need): Chosen | PackageRefused | undefined {
    return this.#chosen.of(this.#descriptor(need))
  }

  /** Whether any version of a package was chosen. */
  has(name: string): boolean {
    return this.#chosen.has(name)
  }

  /** Whether a version of it was asked for, and not only its latest. */
  isAsked(id: string): boolean {
    return this.#chosen.isAsked(id)
  }

  /** Turns a package down after it was chosen, because its archive is refused. */
  refuse(chosen: Chosen, error: PackageRefused): void {
    this.#chosen.refuseChosen(chosen, error)
  }

  /**
   * Chooses a version for each need of a level.
   *
   * @returns the versions that were not in the build yet.
   */
  async assign(needs: ReadonlyArray<Need>): Promise<ReadonlyArray<Chosen>> {
    const open = new Map<string, Need>()
    const sorted = needs.toSorted((a, b) => compareText(keyOf(a), keyOf(b)))
    for (const need of sorted) {
      const descriptor = this.#descriptor(need)
      if (this.#chosen.of(descriptor) === undefined && !open.has(descriptor)) open.set(descriptor, need)
    }
    const undecided = [...open].filter(
      ([descriptor, need]) => this.#picker.isDeclared(need) || !this.#reuse(descriptor, need)
    )
    const answers = await this.#pick(undecided)
    await settle(this.#picker, undecided, answers, this.#chosen.releases)
    const added = undecided.flatMap(([descriptor, need]) => this.#take(descriptor, need, answers.get(descriptor)))
    for (const need of sorted) {
      const chosen = this.of(need)
      if (chosen !== undefined && !(chosen instanceof PackageRefused)) this.#notes.note(need, chosen.release)
    }
    return added
  }

  /** Asks for the version of each need, without regard to the others. */
  async #pick(undecided: Undecided): Promise<Answers> {
    const answers: Answers = new Map()
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
    return answers
  }

  /** Takes the answer, unless a need before it has brought a version that serves as well. */
  #take(descriptor: string, need: Need, answer: Release | PackageRefused | undefined): ReadonlyArray<Chosen> {
    if (answer === undefined) return []
    const isFirst = !(answer instanceof PackageRefused) && this.#picker.isOfProject(need, answer)
    if (!isFirst && this.#reuse(descriptor, need)) return []
    if (!(answer instanceof PackageRefused))
      return this.#chosen.choose(descriptor, need, answer, this.#picker.locked(need)?.location)
    this.#chosen.refuse(descriptor, answer)
    return []
  }

  /** Takes a version that is there already, unless the need is the project's own or a lock has a version for it. */
  #reuse(descriptor: string, need: Need): boolean {
    if (need.from === undefined || this.#picker.locked(need) !== undefined) return false
    return this.#chosen.reuse(descriptor, need)
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
      this.#chosen.refuse(plain, error)
      return plain
    }
  }
}
