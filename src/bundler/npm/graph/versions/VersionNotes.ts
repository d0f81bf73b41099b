import validRange from "semver/ranges/valid.js"
import type { Package } from "../../package/Package.ts"
import type { Release } from "../../types.ts"
import { acceptsPeer } from "../../versions/peers.ts"
import type { Need } from "../types.ts"
import { labelOf } from "./ChosenVersions.ts"

/** A package that gets another version of a peer than it accepts. */
export interface Unfit {
  readonly from: Package
  readonly name: string
  readonly range: string
  readonly version: string
}

/** Notes which version each need got: for the build's own lock, and for warnings about peers. */
export class VersionNotes {
  /** The versions of this build, by what was asked for. */
  readonly lock = new Map<string, string>()
  /** The peers that their importers do not accept. */
  readonly unfit = new Map<string, Unfit>()

  /** Notes the version that a need got. */
  note(need: Need, release: Release): void {
    this.#checkPeer(need, release)
    this.#lock(need, release)
  }

  #checkPeer({ name, from, peer }: Need, { version }: Release): void {
    // The range of the need may be the project's own.
    const accepted = from?.dependency(name)
    const isPeer = peer && accepted?.peer === true && validRange(accepted.range, true) !== null
    if (from !== undefined && isPeer && !acceptsPeer(accepted.range, version))
      this.unfit.set(`${from.id}>${name}`, { from, name, range: accepted.range, version })
  }

  /** Two importers may get different versions for the same words, from npm's lock: then the importer is named as well. */
  #lock({ name, range, from }: Need, release: Release): void {
    const key = `${name}@${range}`
    const value = `${labelOf(release)} ${release.integrity ?? `sha1-${release.shasum}`}`
    const known = this.lock.get(key)
    this.lock.set(known === undefined || known === value || from === undefined ? key : `${from.label}>${key}`, value)
  }
}
