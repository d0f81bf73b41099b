import { PackageRefused } from "../errors.ts"
import type { Release } from "../types.ts"

/** Base64 characters of a digest, by algorithm, the strongest first. SHA-1 is not here: it can be forged. */
const LENGTHS = { "SHA-512": "{86}==", "SHA-384": "{64}", "SHA-256": "{43}=" } as const

/** An algorithm that is strong enough. */
export type Algorithm = keyof typeof LENGTHS

/** The digest that an archive must have. */
export interface Expected {
  readonly algorithm: Algorithm
  /** In base64; one of them suffices. */
  readonly digests: ReadonlyArray<string>
  /** Whether it comes from a lock, and not from the registry. */
  readonly isLocked: boolean
}

/** The longest integrity; it may list several digests. */
const MAX_INTEGRITY = 2000

const digestsOf = (integrity: string | undefined, algorithm: string, length: string): ReadonlyArray<string> => {
  // bounded: 2000 characters, and put together of the constants above
  const pattern = new RegExp(`(?<=^|\\s)${algorithm.replace("SHA-", "sha")}-([A-Za-z0-9+/]${length})(?=$|[\\s?])`, "g")
  return [...(integrity ?? "").slice(0, MAX_INTEGRITY).matchAll(pattern)].map(([, digest]) => digest ?? "")
}

/** The strongest digests of an integrity; `undefined` if it has none that is strong enough. */
const readIntegrity = (integrity: string | undefined, isLocked: boolean): Expected | undefined => {
  for (const algorithm of ["SHA-512", "SHA-384", "SHA-256"] as const) {
    const digests = digestsOf(integrity, algorithm, LENGTHS[algorithm])
    if (digests.length > 0) return { algorithm, digests, isLocked }
  }
  return undefined
}

const labelOf = ({ name, version }: Release): string => `${name}@${version}`

const noIntegrity = (release: Release): PackageRefused =>
  new PackageRefused({
    code: "no-integrity",
    text: `The registry has no strong hash of ${labelOf(release)}, so its archive cannot be verified`,
    hint: "Ask for another version.",
    package: release.name,
    version: release.version
  })

/** The refusal of an archive whose hash is another one. */
export const wrongHash = (release: Release, isLocked: boolean): PackageRefused =>
  new PackageRefused({
    code: "integrity",
    text: isLocked
      ? `The lock's hash of ${labelOf(release)} does not fit the archive that the registry publishes`
      : `The archive that the registry sent for ${labelOf(release)} is not the published one: its hash differs`,
    hint: isLocked
      ? "Remove the entry from the lock if you trust the registry; else ask for another version."
      : "Try again later, or ask for another version.",
    package: release.name,
    version: release.version
  })

const hexToBase64 = (hex: string): string =>
  btoa((hex.match(/../g) ?? []).map((byte) => String.fromCharCode(Number.parseInt(byte, 16))).join(""))

/**
 * The digest that the archive of a release must have.
 *
 * @param release as the build wants it: its integrity may come from a lock.
 * @param published as the registry describes it, where that is known.
 * @throws {PackageRefused} if there is no strong hash, or if the lock's differs from the registry's.
 */
export const expectationOf = (release: Release, published: Release | undefined): Expected => {
  const theirs = readIntegrity(published?.integrity, false)
  if (published === undefined || published.integrity === release.integrity) {
    const own = theirs ?? readIntegrity(release.integrity, false)
    if (own === undefined) throw noIntegrity(release)
    return own
  }
  const locked = readIntegrity(release.integrity, true)
  if (locked !== undefined) {
    const isOther = theirs?.algorithm === locked.algorithm && !theirs.digests.some((it) => locked.digests.includes(it))
    if (isOther) throw wrongHash(release, true)
    return locked
  }
  // Locks of long ago have SHA-1 alone. It must fit, but it is not what the archive is verified with.
  const old = digestsOf(release.integrity, "SHA-1", "{27}=")
  if (old.length === 0 || !old.includes(hexToBase64(published.shasum ?? ""))) throw wrongHash(release, true)
  if (theirs === undefined) throw noIntegrity(release)
  return theirs
}
