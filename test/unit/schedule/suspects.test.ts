import { assert, describe, it } from "vitest"
import { Suspects } from "../../../src/schedule/Suspects.ts"

const MAX = 7

/** Chooses from a list in this order, and returns the projects and where the run would stop. */
const choose = (projects: Iterable<string>, after: string) => {
  const suspects = new Suspects(after, MAX)
  for (const id of projects) suspects.add(`dep_${id}`, id)
  return { ids: suspects.chosen.map(({ projectId }) => projectId), place: suspects.chosen.at(-1)?.place ?? after }
}
/** Random numbers that are the same in each run. */
const randoms = (seed: number) => () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
const shuffled = (ids: ReadonlyArray<string>, random: () => number) =>
  ids
    .map((id) => [random(), id] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, id]) => id)

describe("the suspects of one run after the other", () => {
  it("are all of them, each once in a round, in whatever order the list comes", () => {
    const random = randoms(5)
    const ids = Array.from({ length: 100 }, (_, count) => `proj_${count}`)
    let place = ""
    const seen: Array<string> = []
    for (let run = 0; run < 15; run++) {
      const { ids: chosen, place: next } = choose(shuffled(ids, random), place)
      assert.strictEqual(chosen.length, MAX)
      seen.push(...chosen)
      place = next
    }
    assert.strictEqual(new Set(seen.slice(0, 100)).size, 100)
    assert.deepStrictEqual(seen.slice(100), seen.slice(0, 5))
  })

  it("are all of them while others come and go, also the one at which a run stopped", () => {
    const random = randoms(7)
    const standing = Array.from({ length: 60 }, (_, count) => `standing_${count}`)
    const left = new Set(standing)
    let others = Array.from({ length: 60 }, (_, count) => `other_${count}`)
    let place = ""
    for (let run = 0; run < 40; run++) {
      const { ids, place: next } = choose(shuffled([...standing, ...others], random), place)
      place = next
      for (const id of ids) left.delete(id)
      // The found ones are deleted, and as many come anew, with names that only grow.
      others = [
        ...others.filter((id) => !ids.includes(id)),
        ...ids.map((_, count) => `other_${1_000 * (run + 1) + count}`)
      ]
    }
    assert.deepStrictEqual([...left], [])
  })

  it("go on from any place, and count a project that is listed twice once", () => {
    const ids = ["a", "b", "c"]
    for (const place of ["", "0", "zzz", "80000000 gone", "ffffffff"])
      assert.sameMembers(choose([...ids, ...ids], place).ids, ids)
  })
})
