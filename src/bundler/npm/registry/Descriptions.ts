import valid from "semver/functions/valid.js"
import { PackageRefused, RegistryUnavailableError } from "../errors.ts"
import { PACKAGE_LIMITS } from "../limits.ts"
import type { Release } from "../types.ts"
import { readManifest, trimManifest } from "./manifest.ts"
import type { RegistryClient } from "./RegistryClient.ts"
import { textOf } from "./streams.ts"

/** The descriptions of single versions that one build gets: from the cache, by a request, or with the list of all versions. */
export class Descriptions {
  readonly #client: RegistryClient
  readonly #releases = new Map<string, Promise<Release | undefined>>()
  readonly #published = new Map<string, Release>()

  constructor(client: RegistryClient) {
    this.#client = client
  }

  /**
   * The description of an exact version or of a tag; `undefined` if there is none.
   *
   * @param isPatient whether all other requests go first.
   */
  find(name: string, version: string, isPatient = false): Promise<Release | undefined> {
    const key = `${name}@${version}`
    const found = this.#releases.get(key) ?? this.#client.budget.connect(() => this.#fetch(name, version), isPatient)
    this.#releases.set(key, found)
    return found
  }

  /** The registry's description of a version, if this build has asked for it. */
  published(name: string, version: string): Release | undefined {
    return this.#published.get(`${name}@${version}`)
  }

  /** Notes the description of a version that came with the list of all. */
  async note(name: string, version: string, text: string): Promise<void> {
    const key = `${name}@${version}`
    const release = this.#read(jsonOf(text), name, version)
    if (release === undefined || this.#releases.has(key)) return
    this.#releases.set(key, Promise.resolve(release))
    this.#published.set(key, release)
    await this.#client.cache.putJson(this.#key(name, version), trimManifest(release), PACKAGE_LIMITS.exactSeconds)
  }

  async #fetch(name: string, version: string): Promise<Release | undefined> {
    const release = await this.#release(name, version)
    if (release !== undefined) this.#published.set(`${name}@${release.version}`, release)
    return release
  }

  async #release(name: string, version: string): Promise<Release | undefined> {
    const { cache } = this.#client
    const key = this.#key(name, version)
    const kept = this.#read(await cache.getJson(key), name, version)
    if (kept !== undefined) return kept
    const text = await this.#text(name, version)
    if (text === undefined) return undefined
    const release = this.#read(jsonOf(text), name, version)
    if (release === undefined)
      throw new RegistryUnavailableError(
        `The package registry's answer for ${name}@${version} is not a description of it`
      )
    const seconds = valid(version) === null ? PACKAGE_LIMITS.tagSeconds : PACKAGE_LIMITS.exactSeconds
    await cache.putJson(key, trimManifest(release), seconds)
    return release
  }

  /** The registry's answer; `undefined` if it has no such version. */
  async #text(name: string, version: string): Promise<string | undefined> {
    const { budget } = this.#client
    const what = `${name}@${version}`
    const response = await this.#client.get(this.#client.address(pathOf(name, version)), what, "application/json")
    if (response === undefined) return undefined
    return textOf(response.body, budget.wire, (count, total) => {
      budget.spendBytes(count)
      if (total > PACKAGE_LIMITS.manifestBytes) throw tooLarge(what)
    }).catch((error: unknown) => {
      throw budget.unavailable(error, `The package registry broke off its answer for ${what}`)
    })
  }

  #read(json: unknown, name: string, version: string): Release | undefined {
    return readManifest(json, name, version, (said) => this.#client.archiveAddress(said))
  }

  #key(name: string, version: string): string {
    return `manifest/${encodeURIComponent(this.#client.base.href)}/${pathOf(name, version)}`
  }
}

const pathOf = (name: string, version: string): string => `${name.replace("/", "%2f")}/${encodeURIComponent(version)}`

const tooLarge = (what: string): PackageRefused => {
  const text = `The description of ${what} is too large`
  return new PackageRefused({ code: "too-large", text, hint: "Take another version." })
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
