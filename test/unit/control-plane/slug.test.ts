import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import { deploymentIdOf, projectName, SLUG_MAX_LENGTH, slugFrom, withSuffix } from "../../../src/control-plane/slug.ts"

const wellFormed = /^[a-z0-9]+(-[a-z0-9]+)*$/

describe("slugFrom", () => {
  const table: ReadonlyArray<readonly [name: string, slug: string]> = [
    ["my-api", "my-api"],
    ["My API", "my-api"],
    ["  a__b--c  ", "a-b-c"],
    ["--x--", "x"],
    ["Café №5", "cafe-5"],
    ["日本", ""],
    ["", ""],
    ["abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvw"],
    // The cut is after a hyphen, which Jack would answer with a 500.
    ["abcdefghijklmnopqrstuv wxyz", "abcdefghijklmnopqrstuv"],
    ["abcdefghijklmnopqrstuvw-xyz", "abcdefghijklmnopqrstuvw"]
  ]
  for (const [name, slug] of table) {
    it(`${JSON.stringify(name)} → ${JSON.stringify(slug)}`, () => assert.strictEqual(slugFrom(name), slug))
  }
})

describe("withSuffix", () => {
  const table: ReadonlyArray<readonly [slug: string, random: string, next: string]> = [
    ["my-api", "x7k2p", "my-api-x7k2p"],
    ["my-api", "x7k2", "my-api-x7k2"],
    ["my-api", "3F2504E0-4F89-11D3", "my-api-3f250"],
    ["abcdefghijklmnopqrstuvw", "x7k2p", "abcdefghijklmnopq-x7k2p"],
    ["abcdefghijklmnop-qrstuv", "x7k2p", "abcdefghijklmnop-x7k2p"],
    ["", "x7k2p", "x7k2p"]
  ]
  for (const [slug, random, next] of table) {
    it(`${slug} + ${random} → ${next}`, () => assert.strictEqual(withSuffix(slug, random), next))
  }
})

it("slugFrom makes a slug that Jack accepts and that fits a DNS label, for every name", () => {
  const alphabet = [..."aZ09- _.é日"]
  for (let seed = 1; seed <= 5000; seed++) {
    const letters = Array.from(
      { length: seed % 40 },
      (_, at) => alphabet[(seed * 31 + at * at * 17 + (seed >> at)) % 11]
    )
    const slug = slugFrom(letters.join(""))
    for (const candidate of slug === "" ? [withSuffix(slug, "a1b2c")] : [slug, withSuffix(slug, "a1b2c")]) {
      assert.match(candidate, wellFormed)
      assert.isAtMost(candidate.length, SLUG_MAX_LENGTH)
      assert.strictEqual(slugFrom(candidate), candidate)
    }
  }
})

it("deploymentIdOf finds the id in a project's name, and none in other names", () => {
  assert.strictEqual(projectName("dep_01hxyz"), "mpp-compute dep_01hxyz")
  assert.deepStrictEqual(deploymentIdOf(projectName("dep_01hxyz")), Option.some("dep_01hxyz"))
  for (const name of [
    "",
    "my-api",
    "mpp-compute",
    "mpp-compute ",
    "mpp-compute shop",
    "my mpp-compute dep_1",
    "mpp-compute dep_1 copy"
  ]) {
    assert.deepStrictEqual(deploymentIdOf(name), Option.none(), name)
  }
})
