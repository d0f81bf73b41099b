import satisfies from "semver/functions/satisfies.js"
import valid from "semver/functions/valid.js"
import validRange from "semver/ranges/valid.js"
import { RegistryUnavailableError } from "../errors.ts"
import { PACKAGE_LIMITS } from "../limits.ts"
import { checkPackageName } from "../specifiers.ts"
import type { Release, Releases } from "../types.ts"
import { Descriptions } from "./Descriptions.ts"
import { badRange, noPackage, noVersion } from "./refusals.ts"
import { RegistryClient, type RegistryOptions } from "./RegistryClient.ts"
import { fetchVersions, highestOf, LOOSE, type VersionList } from "./packument/version-list.ts"

/** The longest range; with more alternatives, a list of many versions takes seconds to search. */
const MAX_RANGE = 256

/** The most versions that are looked for before they are needed. */
const MAX_FORESEEN = 150

/** A tag, which is no range. */
const TAG = /^\w[\w.-]{0,63}$/

/** The versions that one build finds in a registry. */
export class Registry implements Releases {
  readonly client: RegistryClient
  readonly #descriptions: Descriptions
  readonly #foreseen = new Set<string>()
  readonly #versions = new Map<string, Promise<VersionList | undefined>>()

  constructor(options: RegistryOptions) {
    this.client = new RegistryClient(options)
    this.#descriptions = new Descriptions(this.client)
  }

  /** Ends all requests that are still under way. Call it when the build ends, however it ends. */
  close(): void {
    this.client.budget.close()
  }

  /** Whether the build's time is over. */
  get isLate(): boolean {
    return this.client.budget.isLate
  }

  /** As `close`, but what is under way may still arrive for a repeat, for a little while. */
  linger(): Promise<void> {
    return this.client.budget.linger(PACKAGE_LIMITS.lingerMs)
  }

  /**
   * Finds the version that npm would take: the one tagged `latest` if it satisfies, else the highest that does and is not
   * deprecated. A description has some kilobytes and a list of all versions up to 20 MB, so the list comes last.
   */
  pick(name: string, range: string): Promise<Release> {
    return this.#pick(name, range, false)
  }

  /**
   * Looks for a version that will probably be picked, while connections are idle. Where the registry is not slow, it would win
   * little and may be in vain.
   */
  async foresee(name: string, range: string): Promise<Release | undefined> {
    const key = `${name}@${range}`
    if (!this.client.isSlow || this.#foreseen.size >= MAX_FORESEEN || this.#foreseen.has(key)) return undefined
    this.#foreseen.add(key)
    return this.#pick(name, range, true).catch(() => undefined)
  }

  async #pick(name: string, range: string, isPatient: boolean): Promise<Release> {
    checkPackageName(name)
    const wanted = range.trim() === "" ? "latest" : range.trim()
    if (wanted.length > MAX_RANGE) throw badRange(name, wanted)
    const exact = valid(wanted, LOOSE)
    if (exact !== null)
      return (await this.#descriptions.find(name, exact, isPatient)) ?? (await this.#refuse(name, exact))
    const isRange = validRange(wanted, LOOSE) !== null
    if (!isRange && !TAG.test(wanted)) throw badRange(name, wanted)
    const tagged = await this.#descriptions.find(name, isRange ? "latest" : wanted, isPatient)
    if (tagged !== undefined && (!isRange || wanted === "*" || satisfies(tagged.version, wanted, LOOSE))) return tagged
    const best = isRange ? highestOf(await this.#list(name, wanted, isPatient), wanted) : undefined
    if (best === undefined) return this.#refuse(name, wanted)
    const found = await this.#descriptions.find(name, best, isPatient)
    if (found !== undefined) return found
    throw new RegistryUnavailableError(`The package registry lists ${name}@${best} and does not describe it`)
  }

  /** The versions of a package that are neither deprecated nor before a release. */
  async versions(name: string): Promise<ReadonlyArray<string>> {
    const { versions = [], deprecated } = (await this.#list(name)) ?? {}
    return versions.filter((version) => valid(version) !== null && !version.includes("-") && !deprecated?.has(version))
  }

  /** The registry's description of a version, if this build has asked for it. */
  published(name: string, version: string): Release | undefined {
    return this.#descriptions.published(name, version)
  }

  /** @param range the range that is looked for. */
  #list(name: string, range?: string, isPatient = false): Promise<VersionList | undefined> {
    const known = this.#versions.get(name)
    if (known !== undefined) return known
    const list = this.client.budget.connect(
      () => fetchVersions(this.client, name, range, (version, json) => this.#descriptions.note(name, version, json)),
      isPatient
    )
    this.#versions.set(name, list)
    return list
  }

  /** Looks for what the author can write instead. */
  async #refuse(name: string, wanted: string): Promise<never> {
    const latest = await this.#descriptions.find(name, "latest").catch(() => undefined)
    const list = await this.#versions.get(name)
    if (latest === undefined && list === undefined) throw noPackage(name)
    throw noVersion(name, wanted, latest?.version, list?.versions ?? [])
  }
}
