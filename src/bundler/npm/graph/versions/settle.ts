import { PackageRefused } from "../../errors.ts"
import type { Release } from "../../types.ts"
import { settlePeers } from "../../versions/peers.ts"
import type { Need } from "../types.ts"
import type { Picker } from "./Picker.ts"

/** The needs whose version is still to be found, by their descriptors. */
export type Undecided = ReadonlyArray<readonly [descriptor: string, need: Need]>

/** The version that was found for each descriptor, or why there is none. */
export type Answers = Map<string, Release | PackageRefused>

/**
 * Takes versions that fit together, where none was asked for.
 *
 * @param answers the versions that were found; some are replaced.
 * @param chosen the versions of the build so far.
 */
export const settle = async (
  picker: Picker,
  undecided: Undecided,
  answers: Answers,
  chosen: ReadonlyArray<Release>
): Promise<void> => {
  const releases = [...answers].flatMap(([key, it]) => (it instanceof PackageRefused ? [] : [[key, it] as const]))
  const free = new Map(undecided.filter(([, need]) => picker.isFree(need)).map(([key, { name }]) => [key, name]))
  const settled = new Map(releases.filter(([key]) => free.has(key)).map(([, release]) => [release.name, release]))
  if (settled.size === 0) return
  const others = releases.filter(([key]) => !free.has(key)).map(([, release]) => release)
  await settlePeers(picker.choice, settled, [...chosen, ...others])
  for (const [key, name] of free) {
    const release = settled.get(name)
    if (release !== undefined) answers.set(key, release)
  }
}
