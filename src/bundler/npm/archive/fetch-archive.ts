import { PackageRefused, RegistryUnavailableError } from "../errors.ts"
import { PACKAGE_LIMITS } from "../limits.ts"
import type { RegistryClient } from "../registry/RegistryClient.ts"
import type { Space } from "../registry/budget/Space.ts"
import { piecesOf } from "../registry/streams.ts"
import type { Extent, Release, Unpacked } from "../types.ts"
import { Gunzip } from "./Gunzip.ts"
import { makeHasher } from "./hasher.ts"
import { type Expected, wrongHash } from "./integrity.ts"
import { KeptFiles } from "./KeptFiles.ts"
import { Untar } from "./Untar.ts"

/** Entries of every kind: the largest packages of icons have 45,000. Of files that can be imported there may be fewer. */
const MAX_ENTRIES = 100_000

/** Bytes of files from which on an archive is given up that arrives after the build's time. Six may arrive, and nothing counts them. */
const LATE = 1 << 20

const mib = (bytes: number): string => `${bytes >> 20} MiB`

/**
 * Fetches an archive: hashed, expanded and read in one stream, of which only wanted files are held. Nothing is returned before
 * the hash of all bytes is the expected one.
 *
 * @param wide whether files that are unlikely to be imported are wanted in any case.
 * @param space the memory for the files; a large archive waits for it.
 */
export const fetchArchive = async (
  client: RegistryClient,
  release: Release,
  expected: Expected,
  wide: Extent,
  space: Space
): Promise<Unpacked> => {
  const { budget } = client
  const label = `${release.name}@${release.version}`
  const about = { package: release.name, version: release.version }
  const refuse = (code: "too-large" | "damaged", text: string) =>
    new PackageRefused({
      code,
      text: `${label} ${text}`,
      hint: "Ask for another version, or for a smaller package.",
      ...about
    })
  const hasher = await makeHasher(expected.algorithm)
  const kept = new KeptFiles(wide, (text) => refuse("too-large", text))
  const untar = new Untar(kept)
  let expanded = 0
  const gunzip = new Gunzip((bytes, fed) => {
    expanded += bytes.length
    if (expanded > PACKAGE_LIMITS.expansionFrom && expanded > fed * PACKAGE_LIMITS.expansion)
      throw refuse("too-large", `expands to more than ${PACKAGE_LIMITS.expansion} times its size`)
    if (expanded > PACKAGE_LIMITS.unpackedBytes)
      throw refuse("too-large", `expands to more than ${mib(PACKAGE_LIMITS.unpackedBytes)}`)
    untar.write(bytes)
    if (untar.entries > MAX_ENTRIES) throw refuse("too-large", `has more than ${MAX_ENTRIES} entries`)
  })
  /** Why it is no archive. It is hashed to its end nevertheless: only then it is clear whose fault that is. */
  let damage: unknown
  const orDamage = async (work: Promise<void>): Promise<void> => {
    await work.catch((error: unknown) => {
      if (error instanceof PackageRefused) throw error
      if (!untar.hasEnded) damage = error
      isReading = false
    })
  }
  let isReading = true
  let size = 0
  try {
    const response = await client.get(release.tarball, label, "*/*")
    if (response === undefined || response.body === null)
      throw new RegistryUnavailableError(`The package registry does not have the archive of ${label}`)
    for await (const piece of piecesOf(response.body, budget.wire)) {
      budget.spendBytes(piece.length)
      size += piece.length
      if (size > PACKAGE_LIMITS.tarballBytes)
        throw refuse("too-large", `has more than ${mib(PACKAGE_LIMITS.tarballBytes)} to fetch`)
      await hasher.update(piece)
      if (isReading) await orDamage(gunzip.write(piece))
      if (budget.isLate && kept.size > LATE) throw new Error("it is too large for the time that is left")
      await space.need(kept.size)
    }
    if (isReading) await orDamage(gunzip.end().then(() => untar.end()))
    const isPublished = expected.digests.includes(await hasher.digest())
    if (damage !== undefined && isPublished) throw refuse("damaged", "was published with a damaged archive")
    if (damage !== undefined) throw new Error("the archive is damaged", { cause: damage })
    if (!isPublished) throw wrongHash(release, expected.isLocked)
  } catch (error) {
    hasher.abort()
    throw budget.unavailable(error, `The archive of ${label} did not arrive whole`)
  } finally {
    gunzip.abort()
  }
  return { files: kept.files, paths: kept.paths, size: kept.size }
}
