import { gzipSync } from "node:zlib"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { PackageRefused } from "../../../../../src/bundler/npm/errors.ts"
import { KeptFiles } from "../../../../../src/bundler/npm/archive/KeptFiles.ts"
import { isImportable } from "../../../../../src/bundler/npm/archive/importable.ts"
import { type Entry, integrityOf, tar } from "../../../../support/npm/archives.ts"
import { type Lies, startRegistry } from "../../../../support/npm/lying-registry.ts"
import { install, memoryCache, openRegistry } from "../../../../support/npm/use-registry.ts"

const zip = (files: Readonly<Record<string, string>>): Buffer =>
  gzipSync(tar(Object.entries(files).map(([path, body]): Entry => ({ path: `package/${path}`, body }))))

const some = { "package.json": "{}", "index.js": "1", "dist/x.min.js": "2", "test/a.js": "3" }
/** Text of 1.5 MiB that gzip does not make very small. */
const filler = Array.from({ length: 250_000 }, (_, index) => (index * index).toString(36).slice(-6)).join("")

/** Bytes that gzip cannot make smaller. */
const noise = (length: number): Uint8Array => {
  let seed = 7
  return Uint8Array.from({ length }, () => (seed = (seed * 48_271) % 2_147_483_647) & 0xff)
}

const PACKAGES: Readonly<Record<string, Lies>> = {
  small: { archives: { "1.0.0": zip(some) } },
  large: {
    archives: {
      "1.0.0": zip({ ...some, "a.js": filler, "umd/b.js": filler, "c.js": filler, "d.js": filler, "umd/e.js": "4" })
    }
  },
  followed: { archives: { "1.0.0": Buffer.concat([zip(some), Buffer.alloc(2000)]) } },
  native: { archives: { "1.0.0": zip({ ...some, "binding.gyp": "x", "build/a.node": "x" }) } },
  dated: {
    manifest: (honest) => ({
      json: { ...honest, _npmOperationalInternal: { tmp: "tmp/dated_1.0.0_1750000000000_0.123" } }
    })
  },
  misdated: {
    manifest: (honest) => ({ json: { ...honest, publishedAt: 1, _npmOperationalInternal: { tmp: "tmp/1" } } })
  }
}

let registry: Awaited<ReturnType<typeof startRegistry>>
beforeAll(async () => {
  registry = await startRegistry(PACKAGES)
})
afterAll(() => registry.stop())

describe("the files that are kept", () => {
  it("are all that can be imported, in a small package", async () => {
    const { files, wide } = await install(registry.base, "small")
    assert.deepStrictEqual([...files.keys()], Object.keys(some))
    assert.isTrue(wide)
  })

  it("are the likely ones in a large package, until the others are asked for", async () => {
    const { cache } = memoryCache()
    const { registry: build, archives } = openRegistry(registry.base, { cache })
    const release = await build.pick("large", "")
    const likely = ["package.json", "index.js", "a.js", "c.js", "d.js"]
    const all = [...Object.keys(some), "a.js", "umd/b.js", "c.js", "d.js", "umd/e.js"]
    for (const from of ["registry", "cache"]) {
      const narrow = await archives.files(release)
      assert.sameMembers([...narrow.files.keys()], likely, from)
      assert.sameMembers([...narrow.paths], all, from)
      assert.isFalse(narrow.wide, from)
      const wide = await archives.files(release, true)
      assert.sameMembers([...wide.files.keys()], all, from)
      assert.isTrue(wide.wide, from)
    }
    assert.lengthOf(
      registry.asked.filter((path) => path.startsWith("/large/-/")),
      2
    )
  })

  it("count as long as they are held", () => {
    const refused = (text: string) => new PackageRefused({ code: "too-large", text })
    const kept = new KeptFiles(false, refused)
    const keep = (path: string, size: number): boolean => {
      if (!kept.wants(path, size)) return false
      kept.onFile(path, new Uint8Array(size))
      return true
    }
    const mib = 1 << 20
    assert.deepStrictEqual([keep("umd/a.js", 3 * mib), keep("b.js", 2 * mib), keep("umd/c.js", 1)], [true, true, false])
    assert.isTrue(keep("d.js", 22 * mib))
    assert.deepStrictEqual([...kept.files.keys()], ["b.js", "d.js"])
    assert.throws(() => keep("e.js", 1), /has more than 24 MiB of modules/)
  })

  it("are there if other bytes follow the archive", async () => {
    assert.deepStrictEqual([...(await install(registry.base, "followed")).files.keys()], Object.keys(some))
  })

  it("do not include native parts, whose names are known", async () => {
    const { files, paths } = await install(registry.base, "native")
    assert.deepStrictEqual([...paths].slice(-2), ["binding.gyp", "build/a.node"])
    assert.isFalse(files.has("binding.gyp") || files.has("build/a.node"))
  })

  it("can be imported by their names", () => {
    const importable =
      "a.js a.mjs a.cjs a.json a.jsx bin/cli notices.mjs license.js my-bower.json lib/history.js package.json"
    const others =
      "a.d.ts a.ts a.map a.css a.wasm a.node README.md LICENSE docs/CHANGELOG tsconfig.json tsconfig.build.json x/bower.json .npmignore"
    for (const path of importable.split(" ")) assert.isTrue(isImportable(path), path)
    for (const path of [...others.split(" "), `${"x/".repeat(150)}a.js`]) assert.isFalse(isImportable(path), path)
  })
})

describe("the time of publication", () => {
  it("is the registry's, where it says so", async () => {
    const { cache } = memoryCache()
    for (const from of ["registry", "cache"]) {
      const published = async (name: string) => (await install(registry.base, name, "", { cache })).release.publishedAt
      assert.strictEqual(await published("dated"), 1_750_000_000_000, from)
      assert.isUndefined(await published("misdated"), from)
      assert.isUndefined(await published("small"), from)
    }
  })
})

describe("large archives", () => {
  const large = gzipSync(tar([0, 1, 2].map((index): Entry => ({ path: `package/${index}.js`, body: noise(3 << 20) }))))
  const small = zip(some)
  const integrities = { a: integrityOf(large), b: integrityOf(large), c: integrityOf(small) }
  const nameOf = (url: string): keyof typeof integrities => new URL(url).pathname.slice(1, 2) as "a"

  /** A registry that holds the first large archive back near its end. */
  const slow = () => {
    const sent = { a: 0, b: 0, c: 0 }
    const gate = Promise.withResolvers<void>()
    const streamOf = (name: keyof typeof sent) =>
      new ReadableStream<Uint8Array>({
        pull: async (controller) => {
          const bytes = name === "c" ? small : large
          if (sent[name] >= bytes.length) return controller.close()
          if (name === "a" && sent.a > large.length - 100_000) await gate.promise
          controller.enqueue(bytes.subarray(sent[name], sent[name] + 65_536))
          sent[name] += 65_536
        }
      })
    const fetch = async (url: string) => {
      const name = nameOf(url)
      if (url.endsWith(".tgz")) return new Response(streamOf(name))
      return Response.json({ name, version: "1.0.0", dist: { tarball: `/${name}.tgz`, integrity: integrities[name] } })
    }
    return { sent, gate, fetch: fetch as unknown as typeof globalThis.fetch }
  }

  it("arrive one after the other, and small ones beside them", async () => {
    const { sent, gate, fetch } = slow()
    const { registry: build, archives } = openRegistry("https://registry.invalid/", { fetch })
    const load = async (name: string) => archives.files(await build.pick(name, ""))
    const first = load("a")
    while (sent.a < large.length - 100_000) await new Promise((resolve) => setTimeout(resolve, 5))
    const second = load("b")
    assert.strictEqual((await load("c")).files.size, 4)
    for (let before = -1; before !== sent.b;) {
      before = sent.b
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    assert.isAbove(sent.b, 0)
    assert.isBelow(sent.b, 0.8 * large.length, "it waits with 4 of its 9 MiB")
    gate.resolve()
    assert.deepStrictEqual([(await first).files.size, (await second).files.size], [3, 3])
  })

  it("that wait end with the build", async () => {
    const { sent, fetch } = slow()
    const { registry: build, archives } = openRegistry("https://registry.invalid/", { fetch })
    const load = async (name: string) => archives.files(await build.pick(name, ""))
    const all = Promise.allSettled([load("a"), load("b")])
    while (sent.a < large.length - 100_000 && sent.b < large.length / 2)
      await new Promise((resolve) => setTimeout(resolve, 5))
    build.close()
    assert.deepStrictEqual(
      (await all).map(({ status }) => status),
      ["rejected", "rejected"]
    )
  })
})
