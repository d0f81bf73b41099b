import valid from "semver/functions/valid.js"
import validRange from "semver/ranges/valid.js"
import type { Release } from "../types.ts"

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const textOr = <A>(value: unknown, other: A): string | A => (typeof value === "string" && value !== "" ? value : other)

/** The public registry writes the time of publication, in milliseconds since 1970, into the name of a file. */
const TMP = /^tmp\/[^/]{0,300}_(\d{13})_0\.\d{1,30}$/

const publishedAt = (json: Readonly<Record<string, unknown>>): number | undefined => {
  const internal = json["_npmOperationalInternal"]
  const found = TMP.exec(isObject(internal) ? textOr(internal["tmp"], "").slice(0, 400) : "")?.[1]
  return found === undefined ? undefined : Number(found)
}

/** The most peers and dependencies that are read, and the longest range of one. */
const MAX_PEERS = 100
const MAX_DEPENDENCIES = 100
const MAX_RANGE = 256

const isOptional = (meta: unknown, name: string): boolean => {
  const about = isObject(meta) && Object.hasOwn(meta, name) ? meta[name] : undefined
  return isObject(about) && about["optional"] === true
}

const peersOf = (json: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> => {
  const { peerDependencies, peerDependenciesMeta } = json
  const entries = isObject(peerDependencies) ? Object.entries(peerDependencies).slice(0, MAX_PEERS) : []
  return new Map(
    entries.flatMap(([name, range]): ReadonlyArray<[string, string]> =>
      typeof range === "string" &&
      range.length <= MAX_RANGE &&
      validRange(range, true) !== null &&
      !isOptional(peerDependenciesMeta, name)
        ? [[name, range]]
        : []
    )
  )
}

const dependenciesOf = ({ dependencies }: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> => {
  const entries = isObject(dependencies) ? Object.entries(dependencies).slice(0, MAX_DEPENDENCIES) : []
  return new Map(
    entries.flatMap(([name, range]): ReadonlyArray<[string, string]> =>
      typeof range === "string" && range.length <= MAX_RANGE ? [[name, range]] : []
    )
  )
}

/**
 * Reads the description of one version.
 *
 * @param asked the version or tag that was asked for.
 * @param archiveAddress where the archive is, given what the registry says.
 * @returns `undefined` if it is not a description of what was asked for.
 */
export const readManifest = (
  json: unknown,
  name: string,
  asked: string,
  archiveAddress: (said: string) => string
): Release | undefined => {
  if (!isObject(json) || json["name"] !== name) return undefined
  const { version, dist } = json
  if (typeof version !== "string" || valid(version) === null || !isObject(dist)) return undefined
  if (valid(asked) !== null && valid(asked) !== valid(version)) return undefined
  const { tarball, unpackedSize } = dist
  if (typeof tarball !== "string" || !URL.canParse(tarball, "https://registry.invalid/")) return undefined
  return {
    name,
    version,
    tarball: archiveAddress(tarball),
    integrity: textOr(dist["integrity"], undefined),
    shasum: textOr(dist["shasum"], undefined),
    unpackedSize: typeof unpackedSize === "number" && unpackedSize > 0 ? unpackedSize : 0,
    deprecated: textOr(json["deprecated"], undefined),
    publishedAt: publishedAt(json),
    peers: peersOf(json),
    dependencies: dependenciesOf(json)
  }
}

/** The part of a description that later builds need, in the registry's form. */
export const trimManifest = ({
  name,
  version,
  tarball,
  integrity,
  shasum,
  unpackedSize,
  deprecated,
  publishedAt,
  peers,
  dependencies
}: Release) => ({
  name,
  version,
  dist: { tarball, integrity, shasum, unpackedSize },
  deprecated,
  peerDependencies: Object.fromEntries(peers ?? []),
  dependencies: Object.fromEntries(dependencies ?? []),
  _npmOperationalInternal: publishedAt === undefined ? undefined : { tmp: `tmp/_${publishedAt}_0.0` }
})
