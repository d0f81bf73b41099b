import satisfies from "semver/functions/satisfies.js"
import rcompare from "semver/functions/rcompare.js"
import ltr from "semver/ranges/ltr.js"
import { compareText } from "../graph/types.ts"
import type { Release } from "../types.ts"

/** Whether a peer's range accepts a version. A version before a release may be all that the project has. */
export const acceptsPeer = (range: string, version: string): boolean =>
  satisfies(version, range, { includePrerelease: true, loose: true })

/** The versions that can be chosen among. */
export interface Choice {
  /** The stable versions of a package, in any order. */
  readonly versions: (name: string) => Promise<ReadonlyArray<string>>
  /** The description of an exact version. */
  readonly exact: (name: string, version: string) => Promise<Release>
  /** The version that the project asks for, whether or not it is in the build. */
  readonly declared: (name: string) => Promise<string | undefined>
}

/**
 * Takes older versions of packages that were imported without a version, where the peers do not fit together: of `react`
 * what `react-dom` accepts, and of `react-dom` one that accepts the project's `react`. Where nothing fits, all stays as it is.
 *
 * @param free the newest versions of the packages without a version, by name; some are replaced.
 * @param fixed the other versions of the build.
 */
export const settlePeers = async (
  choice: Choice,
  free: Map<string, Release>,
  fixed: ReadonlyArray<Release>
): Promise<void> => {
  const names = [...free.keys()].toSorted(compareText)
  for (const name of names) await takeAccepted(choice, name, free, fixed)
  for (const name of names) await takeAccepting(choice, name, free, fixed)
}

/** Takes the newest version of a package that all others accept. */
const takeAccepted = async (
  { versions, exact }: Choice,
  name: string,
  free: Map<string, Release>,
  fixed: ReadonlyArray<Release>
): Promise<void> => {
  const ranges = [...free.values(), ...fixed].flatMap(({ peers }) => peers?.get(name) ?? [])
  const isAccepted = (version: string) => ranges.every((range) => acceptsPeer(range, version))
  if (isAccepted(free.get(name)?.version ?? "")) return
  const best = (await versions(name)).toSorted(rcompare).find(isAccepted)
  if (best !== undefined) free.set(name, await exact(name, best))
}

/** Takes a version of a package that accepts the others. */
const takeAccepting = async (
  { versions, exact, declared }: Choice,
  name: string,
  free: Map<string, Release>,
  fixed: ReadonlyArray<Release>
): Promise<void> => {
  const newest = free.get(name)
  if (newest?.peers === undefined || newest.peers.size === 0) return
  const there = new Map<string, string>()
  for (const peer of newest.peers.keys()) {
    const version = (free.get(peer) ?? fixed.find((it) => it.name === peer))?.version ?? (await declared(peer))
    if (version !== undefined) there.set(peer, version)
  }
  const every = ({ peers }: Release, test: (range: string, version: string) => boolean): boolean =>
    [...(peers ?? [])].every(([peer, range]) => {
      const version = there.get(peer)
      return version === undefined || test(range, version)
    })
  const fits = (release: Release) => every(release, acceptsPeer)
  const isTooNew = (release: Release) => !every(release, (range, version) => !ltr(version, range, { loose: true }))
  if (fits(newest) || !isTooNew(newest)) return
  const older = (await versions(name)).toSorted(rcompare).filter((version) => rcompare(version, newest.version) > 0)
  // Packages that belong together often have the same version.
  const twin = older.find((version) => [...there.values()].includes(version))
  const same = twin === undefined ? undefined : await exact(name, twin)
  if (same !== undefined && fits(same)) return void free.set(name, same)
  let found: Release | undefined
  for (let [low, high] = [0, older.length - 1]; low <= high;) {
    const middle = (low + high) >> 1
    const release = await exact(name, older[middle] ?? "")
    if (isTooNew(release)) low = middle + 1
    else {
      found = release
      high = middle - 1
    }
  }
  if (found !== undefined && fits(found)) free.set(name, found)
}
