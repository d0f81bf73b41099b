import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { integrityOf, pack, shasumOf } from "../../../../support/npm/archives.ts"
import { HOSTILE_ARCHIVES, other } from "../../../../support/npm/hostile-archives.ts"
import { startRegistry } from "../../../../support/npm/lying-registry.ts"
import { failureOf, install, memoryCache, openRegistry } from "../../../../support/npm/use-registry.ts"

let registry: Awaited<ReturnType<typeof startRegistry>>
beforeAll(async () => {
  registry = await startRegistry(HOSTILE_ARCHIVES)
})
afterAll(() => registry.stop())

const fails = async (name: string, expected: RegExp, { timeMs = 5000, withinMs = 2000 } = {}) => {
  const started = Date.now()
  const { cache, entries } = memoryCache()
  assert.match(await failureOf(install(registry.base, name, "", { timeMs, cache })), expected)
  assert.isBelow(Date.now() - started, withinMs, name)
  assert.notInclude([...entries.keys()].join(" "), "archive", "nothing unverified is kept")
  for (let waited = 0; registry.open > 0 && waited < 50; waited++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  assert.strictEqual(registry.open, 0, "every answer was read or ended")
  assert.strictEqual((await install(registry.base, "good")).files.get("index.js"), "export default 1")
}

describe("an archive that is not the published one", () => {
  it("is refused", async () => {
    await fails("forged", /^integrity: The archive .* for forged@1.0.0 is not the published one/)
    await fails("swapped", /^integrity: /)
  })

  it("cannot be recognized without a strong hash", async () => {
    for (const name of ["bare", "weak", "weak-integrity", "nonsense"])
      await fails(name, /^no-integrity: The registry has no strong hash of/)
    for (const name of ["several", "sha256"]) assert.isTrue((await install(registry.base, name)).files.has("index.js"))
  })

  it("is never fetched from another host", async () => {
    const release = await openRegistry(registry.base).registry.pick("away", "")
    assert.strictEqual(release.tarball, `${registry.base}latest/meta-data`)
    await fails("away", /^unavailable: .* does not have the archive/)
    await fails("redirect", /^unavailable: .* answered 301/)
  })

  it("is an outage if it is none", async () => {
    await fails("gone", /^unavailable: .* does not have the archive of gone@1.0.0/)
    await fails("down", /^unavailable: .* answered 500/)
    for (const name of ["cut", "short", "page", "empty", "short-tar"])
      await fails(name, new RegExp(`^unavailable: The archive of ${name}@1.0.0 did not arrive whole`))
    for (const name of ["hang", "stall"])
      await fails(name, /^unavailable: The packages did not arrive in time/, { timeMs: 300, withinMs: 600 })
  })
})

describe("an archive that was published like that", () => {
  it("is refused if it is damaged", async () => {
    for (const name of ["damaged-gzip", "damaged-tar", "damaged-header", "no-tar", "no-gzip", "no-entries", "negative"])
      await fails(name, new RegExp(`^damaged: ${name}@1.0.0 was published with a damaged archive`))
  })

  it("is refused as soon as it is too large", async () => {
    await fails("zeros", /^too-large: zeros@1.0.0 expands to more than 100 times its size/)
    await fails("zeros-in-file", /^too-large: zeros-in-file@1.0.0 expands to more than 100 times/)
    await fails("claims", /^too-large: claims@1.0.0 has more than 24 MiB of modules/)
    await fails("wide", /^too-large: wide@1.0.0 has more than 24 MiB of modules/)
    await fails("tiny", /^too-large: tiny@1.0.0 has more than 20000 modules/)
    await fails("folders", /^too-large: folders@1.0.0 has more than 100000 entries/)
    await fails("fat", /^too-large: fat@1.0.0 has more than 16 MiB to fetch/)
  })

  it("has no file outside of the package, and no link", async () => {
    const { files, paths } = await install(registry.base, "escaping")
    assert.deepStrictEqual(
      [...files],
      [
        ["package.json", "{}"],
        ["index.js", "fine"]
      ]
    )
    assert.deepStrictEqual([...paths], ["package.json", "index.js"])
  })

  it("may have files with the names of an object's own", async () => {
    const { files } = await install(registry.base, "polluted")
    assert.deepStrictEqual(
      [...files.keys()],
      ["package.json", "__proto__", "__proto__/index.js", "constructor.js", "toString.js"]
    )
    assert.strictEqual(({} as { evil?: unknown }).evil, undefined)
  })
})

describe("the address of an archive", () => {
  const addresses = (base: string, said: string): string => openRegistry(base).registry.client.archiveAddress(said)
  it("is below the registry's, whatever the registry says", () => {
    const own = "https://registry.example/"
    for (const said of [
      "https://evil.example/a/b.tgz",
      "/a/b.tgz",
      "a/b.tgz",
      "https://u:p@evil.example:81/a/b.tgz?x#y",
      "//evil.example/a/b.tgz",
      "ftp://evil.example/a/b.tgz"
    ])
      assert.strictEqual(addresses(own, said), "https://registry.example/a/b.tgz", said)
    for (const said of [
      "https://evil.example//host.example/x",
      "https:\\\\evil.example\\\\x",
      "javascript:alert(1)",
      "data:,x"
    ])
      assert.match(addresses(own, said), /^https:\/\/registry\.example\//, said)
    const mirror = "https://mirror.example/npm/"
    assert.strictEqual(addresses(mirror, "https://mirror.example/npm/a/-/a.tgz"), `${mirror}a/-/a.tgz`)
    assert.strictEqual(addresses(mirror, "https://mirror.example/other/a.tgz"), "https://mirror.example/other/a.tgz")
    assert.strictEqual(addresses(mirror, "https://registry.example/a/-/a.tgz"), `${mirror}a/-/a.tgz`)
  })
})

describe("a hash in a lock", () => {
  const locked = async (integrity: string) => {
    const { registry: build, archives } = openRegistry(registry.base)
    const release = await build.pick("good", "1.0.0")
    return failureOf(archives.files({ ...release, integrity }))
  }
  const archive = pack("good", "1.0.0")
  it("must fit the archive", async () => {
    for (const algorithm of ["sha512", "sha384", "sha256", "sha1"])
      assert.strictEqual(await locked(integrityOf(archive, algorithm)), "none", algorithm)
    assert.strictEqual(await locked(`sha1-${Buffer.from(shasumOf(archive), "hex").toString("base64")}`), "none")
    registry.asked.length = 0
    for (const algorithm of ["sha512", "sha384", "sha256", "sha1"])
      assert.match(
        await locked(integrityOf(other, algorithm)),
        /^integrity: The lock's hash of good@1.0.0 does not fit/
      )
    assert.match(await locked("sha512-AAAA"), /^integrity: The lock's hash/)
    const fetched = registry.asked.filter((path) => path.endsWith(".tgz"))
    assert.lengthOf(fetched, 2, "only those that the registry's own hashes do not tell")
  })
})
