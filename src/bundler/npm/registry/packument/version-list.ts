import compare from "semver/functions/compare.js"
import satisfies from "semver/functions/satisfies.js"
import valid from "semver/functions/valid.js"
import maxSatisfying from "semver/ranges/max-satisfying.js"
import { PackageRefused, RegistryUnavailableError } from "../../errors.ts"
import { PACKAGE_LIMITS } from "../../limits.ts"
import type { RegistryClient } from "../RegistryClient.ts"
import { piecesOf } from "../streams.ts"
import { VersionScan } from "./VersionScan.ts"

/** As npm reads ranges: packages of long ago have `>=1.0.0rc1`. */
export const LOOSE = true

/** All versions of a package, in the registry's order. */
export interface VersionList {
  readonly versions: ReadonlyArray<string>
  readonly deprecated: ReadonlySet<string>
}

/** Without the descriptions of old versions, where the registry can leave them out. */
const ACCEPT = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8"

/** The highest version that satisfies a range. Like npm, it prefers one that is not deprecated. */
export const highestOf = (list: VersionList | undefined, range: string): string | undefined => {
  if (list === undefined) return undefined
  const good = list.versions.filter((version) => !list.deprecated.has(version))
  return maxSatisfying(good, range, LOOSE) ?? maxSatisfying([...list.versions], range, LOOSE) ?? undefined
}

/** Whether a version is the best of a range so far, of those that it was asked for. */
const bestSoFar = (range: string) => {
  let best: string | undefined
  return (version: string): boolean => {
    if (valid(version) === null || !satisfies(version, range, LOOSE)) return false
    if (best !== undefined && compare(version, best) < 0) return false
    best = version
    return true
  }
}

/**
 * Fetches the versions of a package; `undefined` if there is no such package.
 *
 * @param range the range that is looked for: the list describes its best version, which spares a request.
 * @param onDescription gets that description, as JSON.
 */
export const fetchVersions = async (
  client: RegistryClient,
  name: string,
  range: string | undefined,
  onDescription: (version: string, json: string) => Promise<void>
): Promise<VersionList | undefined> => {
  const { budget, cache } = client
  const path = name.replace("/", "%2f")
  const key = `versions/${encodeURIComponent(client.base.href)}/${path}`
  const kept = readStored(await cache.getJson(key))
  if (kept !== undefined) return kept
  const response = await client.get(client.address(path), name, ACCEPT)
  if (response === undefined || response.body === null) return undefined
  const scan = new VersionScan(range === undefined ? undefined : bestSoFar(range))
  try {
    for await (const piece of piecesOf(response.body, budget.wire)) {
      budget.spendBytes(piece.length)
      scan.write(piece)
      if (scan.bytes > PACKAGE_LIMITS.packumentBytes) throw tooLarge(name)
    }
  } catch (error) {
    throw budget.unavailable(error, `The package registry's list of the versions of ${name} cannot be read`)
  }
  if (!scan.isComplete || scan.name !== name)
    throw new RegistryUnavailableError(`The package registry's answer for ${name} is not a list of its versions`)
  const { versions, deprecated } = scan
  if (scan.description !== "") await onDescription(scan.described, scan.description)
  await cache.putJson(key, { versions, deprecated: [...deprecated] }, PACKAGE_LIMITS.tagSeconds)
  return { versions, deprecated }
}

const isTexts = (value: unknown): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.every((it) => typeof it === "string")

const readStored = (json: unknown): VersionList | undefined => {
  const { versions, deprecated } = Object(json) as Readonly<Record<string, unknown>>
  return isTexts(versions) && isTexts(deprecated) ? { versions, deprecated: new Set(deprecated) } : undefined
}

const tooLarge = (name: string): PackageRefused =>
  new PackageRefused({
    code: "too-large",
    text: `The list of the versions of ${name} has more than ${PACKAGE_LIMITS.packumentBytes >> 20} MiB`,
    hint: "Ask for an exact version.",
    package: name
  })
