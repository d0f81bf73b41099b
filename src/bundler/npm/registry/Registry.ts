import rcompare from "semver/functions/rcompare.js"
import satisfies from "semver/functions/satisfies.js"
import valid from "semver/functions/valid.js"
import validRange from "semver/ranges/valid.js"
import { PackageRefused, RegistryUnavailableError } from "../errors.ts"
import { PACKAGE_LIMITS } from "../limits.ts"
import { checkPackageName } from "../specifiers.ts"
import type { Release, Releases } from "../types.ts"
import { readManifest, trimManifest } from "./manifest.ts"
import { RegistryClient, type RegistryOptions } from "./RegistryClient.ts"
import { textOf } from "./streams.ts"
import { fetchVersions, highestOf, LOOSE, type VersionList } from "./version-list.ts"

/** The longest range; with more alternatives, a list of many versions takes seconds to search. */
const MAX_RANGE = 256

/** The most versions that are looked for before they are needed. */
const MAX_FORESEEN = 150

/** A tag, which is no range. */
const TAG = /^\w[\w.-]{0,63}$/

/** The versions that one build finds in a registry. */
export class Registry implements Releases {
  readonly client: RegistryClient
  readonly #releases = new Map<string, Promise<Release | undefined>>()
  readonly #published = new Map<string, Release>()
  readonly #foreseen = new Set<string>()
  readonly #versions = new Map<string, Promise<VersionList | undefined>>()

  constructor(options: RegistryOptions) {
    this.client = new RegistryClient(options)
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
    if (exact !== null) return (await this.#find(name, exact, isPatient)) ?? (await this.#refuse(name, exact))
    const isRange = validRange(wanted, LOOSE) !== null
    if (!isRange && !TAG.test(wanted)) throw badRange(name, wanted)
    const tagged = await this.#find(name, isRange ? "latest" : wanted, isPatient)
    if (tagged !== undefined && (!isRange || wanted === "*" || satisfies(tagged.version, wanted, LOOSE))) return tagged
    const best = isRange ? highestOf(await this.#list(name, wanted, isPatient), wanted) : undefined
    if (best === undefined) return this.#refuse(name, wanted)
    const found = await this.#find(name, best, isPatient)
    if (found !== undefined) return found
    throw new RegistryUnavailableError(`The package registry lists ${name}@${best} and does not describe it`)
  }

  /** The versions of a package that are neither deprecated nor before a release. */
  async versions(name: string): Promise<ReadonlyArray<string>> {
    const { versions = [], deprecated } = (await this.#list(name)) ?? {}
    return versions.filter((version) => valid(version) !== null && !version.includes("-") && !deprecated?.has(version))
  }

  /** The description of an exact version or of a tag; `undefined` if there is none. */
  find(name: string, version: string): Promise<Release | undefined> {
    return this.#find(name, version, false)
  }

  #find(name: string, version: string, isPatient: boolean): Promise<Release | undefined> {
    const key = `${name}@${version}`
    const found = this.#releases.get(key) ?? this.client.budget.connect(() => this.#fetch(name, version), isPatient)
    this.#releases.set(key, found)
    return found
  }

  /** The registry's description of a version, if this build has asked for it. */
  published(name: string, version: string): Release | undefined {
    return this.#published.get(`${name}@${version}`)
  }

  async #fetch(name: string, version: string): Promise<Release | undefined> {
    const release = await this.#release(name, version)
    if (release !== undefined) this.#published.set(`${name}@${release.version}`, release)
    return release
  }

  async #release(name: string, version: string): Promise<Release | undefined> {
    const { client } = this
    const { budget, cache } = client
    const what = `${name}@${version}`
    const path = `${name.replace("/", "%2f")}/${encodeURIComponent(version)}`
    const key = this.#key(name, version)
    const read = (json: unknown) => readManifest(json, name, version, (said) => client.archiveAddress(said))
    const kept = read(await cache.getJson(key))
    if (kept !== undefined) return kept
    const response = await client.get(client.address(path), what, "application/json")
    if (response === undefined) return undefined
    const text = await textOf(response.body, budget.wire, (count, total) => {
      budget.spendBytes(count)
      if (total > PACKAGE_LIMITS.manifestBytes) throw tooLarge(`The description of ${what}`)
    }).catch((error: unknown) => {
      throw budget.unavailable(error, `The package registry broke off its answer for ${what}`)
    })
    const release = read(jsonOf(text))
    if (release === undefined)
      throw new RegistryUnavailableError(`The package registry's answer for ${what} is not a description of it`)
    const seconds = valid(version) === null ? PACKAGE_LIMITS.tagSeconds : PACKAGE_LIMITS.exactSeconds
    await cache.putJson(key, trimManifest(release), seconds)
    return release
  }

  #key(name: string, version: string): string {
    const path = `${name.replace("/", "%2f")}/${encodeURIComponent(version)}`
    return `manifest/${encodeURIComponent(this.client.base.href)}/${path}`
  }

  /** @param range the range that is looked for. */
  #list(name: string, range?: string, isPatient = false): Promise<VersionList | undefined> {
    const known = this.#versions.get(name)
    if (known !== undefined) return known
    const list = this.client.budget.connect(
      () => fetchVersions(this.client, name, range, (version, json) => this.#described(name, version, jsonOf(json))),
      isPatient
    )
    this.#versions.set(name, list)
    return list
  }

  /** Notes the description of a version that came with the list of all. */
  async #described(name: string, version: string, json: unknown): Promise<void> {
    const key = `${name}@${version}`
    const release = readManifest(json, name, version, (said) => this.client.archiveAddress(said))
    if (release === undefined || this.#releases.has(key)) return
    this.#releases.set(key, Promise.resolve(release))
    this.#published.set(key, release)
    await this.client.cache.putJson(this.#key(name, version), trimManifest(release), PACKAGE_LIMITS.exactSeconds)
  }

  /** Looks for what the author can write instead. */
  async #refuse(name: string, wanted: string): Promise<never> {
    const latest = await this.find(name, "latest").catch(() => undefined)
    const list = await this.#versions.get(name)
    if (latest === undefined && list === undefined)
      throw new PackageRefused({
        code: "not-found",
        text: `There is no package ${name} on npm`,
        hint: "Correct its name, or send its files and import them by a relative path.",
        package: name
      })
    const stable = lastOfMajors(list?.versions ?? []).filter((version) => version !== latest?.version)
    const some = stable.length === 0 ? "" : `; others are ${stable.join(", ")}`
    throw new PackageRefused({
      code: "no-version",
      text: `There is no version ${wanted} of ${name}`,
      hint:
        latest === undefined ? `Ask for another version${some}.` : `The latest version is ${latest.version}${some}.`,
      package: name
    })
  }
}

/** The last stable version of each of the newest majors, the newest first. */
const lastOfMajors = (versions: ReadonlyArray<string>): ReadonlyArray<string> => {
  const sorted = versions.filter((it) => valid(it) !== null && !it.includes("-")).toSorted(rcompare)
  const majors = new Map(sorted.toReversed().map((it) => [it.split(".", 1)[0], it]))
  return [...majors.values()].toReversed().slice(0, 5)
}

const badRange = (name: string, range: string): PackageRefused =>
  new PackageRefused({
    code: "bad-range",
    text: `${JSON.stringify(range.slice(0, 100))} is not a version of ${name}`,
    hint: `Write a version or a range, as in "^1.2.3". Packages from git, files, workspaces and URLs are not supported.`,
    package: name
  })

const tooLarge = (what: string): PackageRefused =>
  new PackageRefused({ code: "too-large", text: `${what} is too large`, hint: "Take another version." })

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
