import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { pack } from "../../../../support/npm/archives.ts"
import { type Lies, startRegistry } from "../../../../support/npm/lying-registry.ts"
import { failureOf, install, memoryCache, openRegistry } from "../../../../support/npm/use-registry.ts"

const archivesOf = (name: string, ...versions: ReadonlyArray<string>) =>
  Object.fromEntries(versions.map((version) => [version, pack(name, version)]))

const PACKAGES: Readonly<Record<string, Lies>> = {
  plain: {
    archives: archivesOf("plain", "1.0.0", "1.2.0", "1.10.0", "2.0.0", "3.0.0-beta.1"),
    tags: { latest: "2.0.0", next: "3.0.0-beta.1" }
  },
  behind: { archives: archivesOf("behind", "1.0.0", "1.5.0", "1.9.0"), tags: { latest: "1.5.0" } },
  mistaken: {
    archives: archivesOf("mistaken", "1.0.0", "1.1.0", "1.2.0", "2.0.0"),
    deprecated: { "1.2.0": "by mistake" }
  },
  ended: {
    archives: archivesOf("ended", "1.0.0", "1.1.0", "2.0.0"),
    deprecated: { "1.0.0": "use 2", "1.1.0": "use 2" }
  },
  beta: { archives: archivesOf("beta", "1.0.0-beta.1"), tags: { latest: "1.0.0-beta.1" } },
  untagged: { archives: archivesOf("untagged", "1.0.0", "1.1.0"), tags: {} },
  "@scope/inner": { archives: archivesOf("@scope/inner", "1.0.0", "2.0.0") },
  Capital: {}
}

let registry: Awaited<ReturnType<typeof startRegistry>>
beforeAll(async () => {
  registry = await startRegistry(PACKAGES)
})
afterAll(() => registry.stop())

const pick = async (name: string, range: string) => {
  const { registry: build } = openRegistry(registry.base)
  return build.pick(name, range).finally(() => build.close())
}

const versionOf = async (name: string, range: string) => (await pick(name, range)).version

describe("the version that is picked", () => {
  it("is the one that npm would take", async () => {
    assert.strictEqual(await versionOf("plain", ""), "2.0.0")
    assert.strictEqual(await versionOf("plain", "latest"), "2.0.0")
    assert.strictEqual(await versionOf("plain", "*"), "2.0.0")
    assert.strictEqual(await versionOf("plain", "^1"), "1.10.0", "the highest by number, not by letter")
    assert.strictEqual(await versionOf("plain", "~1.2.0 || 1.0.x"), "1.2.0")
    assert.strictEqual(await versionOf("plain", "=1.0.0"), "1.0.0")
    assert.strictEqual(await versionOf("plain", "v1.0.0"), "1.0.0")
    assert.strictEqual(await versionOf("plain", "next"), "3.0.0-beta.1")
    assert.strictEqual(await versionOf("plain", ">=3.0.0beta"), "3.0.0-beta.1", "written as long ago")
    assert.strictEqual(await versionOf("behind", "^1"), "1.5.0", "latest, because it satisfies")
    assert.strictEqual(await versionOf("behind", ">1.5"), "1.9.0")
  })

  it("is a prerelease only if that is asked for", async () => {
    assert.include(await failureOf(pick("plain", "^3")), "no-version")
    assert.strictEqual(await versionOf("plain", "^3.0.0-beta"), "3.0.0-beta.1")
    assert.strictEqual(await versionOf("beta", "*"), "1.0.0-beta.1", "the package has nothing else")
    assert.strictEqual(await versionOf("beta", "latest"), "1.0.0-beta.1")
  })

  it("is not deprecated if another one satisfies", async () => {
    assert.strictEqual(await versionOf("mistaken", "^1"), "1.1.0")
    assert.deepInclude(await pick("mistaken", "1.2.0"), { version: "1.2.0", deprecated: "by mistake" })
    assert.deepInclude(await pick("ended", "^1"), { version: "1.1.0", deprecated: "use 2" })
  })

  it("is found without a tag, in a scope, and with capitals", async () => {
    assert.strictEqual(await versionOf("untagged", "^1"), "1.1.0")
    assert.strictEqual(await versionOf("@scope/inner", "^1"), "1.0.0")
    assert.strictEqual(await versionOf("Capital", ""), "1.0.0")
    assert.strictEqual((await install(registry.base, "@scope/inner", "^1")).files.get("index.js"), "export default 1")
    assert.include(registry.asked, "/@scope%2finner/latest")
  })

  it("costs the list of all versions only if latest does not satisfy", async () => {
    registry.asked.length = 0
    await pick("plain", "^2")
    await pick("plain", "1.2.0")
    await pick("plain", "next")
    assert.deepStrictEqual(registry.asked, ["/plain/latest", "/plain/1.2.0", "/plain/next"])
    registry.asked.length = 0
    await pick("plain", "^1")
    assert.deepStrictEqual(registry.asked, ["/plain/latest", "/plain"], "the list describes it")
  })

  it("is asked for once by a build", async () => {
    registry.asked.length = 0
    const { registry: build } = openRegistry(registry.base)
    const found = await Promise.all(Array.from({ length: 20 }, () => build.pick("plain", "^1")))
    assert.deepStrictEqual(new Set(found.map(({ version }) => version)), new Set(["1.10.0"]))
    assert.lengthOf(registry.asked, 2)
  })
})

describe("a version that does not exist", () => {
  it("is refused with those that do", async () => {
    assert.strictEqual(await failureOf(pick("plain", "^9")), "no-version: There is no version ^9 of plain")
    assert.strictEqual(await failureOf(pick("plain", "1.2.3")), "no-version: There is no version 1.2.3 of plain")
    assert.strictEqual(await failureOf(pick("plain", "canary")), "no-version: There is no version canary of plain")
    const hint = await pick("plain", "^9").catch((error: { readonly hint: string }) => error.hint)
    assert.strictEqual(hint, "The latest version is 2.0.0; others are 1.10.0.")
  })

  it("of a package that does not exist says so", async () => {
    for (const range of ["", "^1", "1.0.0", "next"])
      assert.strictEqual(await failureOf(pick("absent", range)), "not-found: There is no package absent on npm")
  })

  it("is refused without a request where it is no version at all", async () => {
    registry.asked.length = 0
    for (const range of [
      "github:a/b",
      "git+ssh://git@a/b",
      "file:../a",
      "workspace:*",
      "https://a/b.tgz",
      "a/b",
      "../../..",
      "^1".repeat(400),
      "%2e%2e"
    ])
      assert.match(await failureOf(pick("plain", range)), /^bad-range: /, range)
    for (const name of [
      "",
      "..",
      ".hidden",
      "a/b",
      "@a",
      "@a/b/c",
      "a b",
      "a?b",
      "a#b",
      "a%2fb",
      "a\\b",
      "node_modules",
      "é",
      "x".repeat(215)
    ])
      assert.match(await failureOf(pick(name, "")), /^bad-name: /, name)
    assert.deepStrictEqual(registry.asked, [])
  })
})

describe("the cache of packages", () => {
  it("has exact versions and archives for ever, tags and lists for five minutes", async () => {
    const { cache, entries } = memoryCache()
    const first = await install(registry.base, "plain", "^1", { cache })
    registry.asked.length = 0
    const second = await install(registry.base, "plain", "^1", { cache })
    assert.deepStrictEqual(registry.asked, [])
    assert.deepStrictEqual(second, { ...first, requests: 4 })
    const seconds = [...entries.values()].map(({ headers }) => headers.get("cache-control")?.replace(/\D/g, ""))
    assert.deepStrictEqual(seconds.toSorted(), ["300", "300", "31536000", "31536000"])
  })

  it("forgets at its time, even if the store does not", async () => {
    const { cache, entries } = memoryCache()
    await install(registry.base, "plain", "^1", { cache })
    for (const [key, { bytes, headers }] of entries) {
      const aged = new Headers(headers)
      aged.set("x-expires-at", String(Number(headers.get("x-expires-at")) - 301_000))
      entries.set(key, { bytes, headers: aged })
    }
    registry.asked.length = 0
    await install(registry.base, "plain", "^1", { cache })
    assert.deepStrictEqual(registry.asked, ["/plain/latest", "/plain"])
  })

  it("of one registry is not another's", async () => {
    const other = await startRegistry({
      plain: { archives: { "2.0.0": pack("plain", "2.0.0", { "index.js": "other" }) } }
    })
    const { cache } = memoryCache()
    try {
      assert.strictEqual(
        (await install(registry.base, "plain", "", { cache })).files.get("index.js"),
        "export default 1"
      )
      assert.strictEqual((await install(other.base, "plain", "", { cache })).files.get("index.js"), "other")
    } finally {
      await other.stop()
    }
  })
})
