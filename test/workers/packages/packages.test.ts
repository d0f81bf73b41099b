import { gzipSync } from "node:zlib"
import { assert, describe, it } from "vitest"
import { Gunzip } from "../../../src/bundler/npm/archive/Gunzip.ts"
import { makeHasher } from "../../../src/bundler/npm/archive/hasher.ts"
import { integrityOf, pack, tar } from "../../support/npm/archives.ts"
import { failureOf, install } from "../../support/npm/use-registry.ts"

const MIB = 1 << 20
const BASE = "https://registry.invalid/"

/** A registry of one package, whose archive comes in pieces of a size; the requests are noted. */
const registryOf = (archive: Uint8Array, size: number, integrity = integrityOf(archive)) => {
  const asked: Array<string> = []
  const streamed = () => {
    let at = 0
    return new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (at >= archive.length) return controller.close()
        controller.enqueue(archive.slice(at, at + size))
        at += size
      }
    })
  }
  const fetch = (async (url: string) => {
    asked.push(url.slice(BASE.length))
    if (url.endsWith(".tgz")) return new Response(streamed())
    return Response.json({ name: "some", version: "1.0.0", dist: { tarball: `${BASE}some.tgz`, integrity } })
  }) as unknown as typeof globalThis.fetch
  return { asked, fetch }
}

describe("packages in workerd", () => {
  it("are fetched, verified and unpacked, in pieces of any size", async () => {
    const archive = pack("some", "1.0.0", { "a.js": "é".repeat(100_000) })
    for (const size of [7, 4096, 100_000, archive.length]) {
      const { fetch } = registryOf(archive, size)
      const { files } = await install(BASE, "some", "", { fetch })
      assert.deepStrictEqual([...files.keys()], ["package.json", "index.js", "a.js"])
      assert.strictEqual(files.get("a.js"), "é".repeat(100_000))
    }
  })

  it("are refused if their hash is another", async () => {
    const { fetch } = registryOf(pack("some", "1.0.0"), 4096, integrityOf(new Uint8Array([1])))
    assert.match(await failureOf(install(BASE, "some", "", { fetch })), /^integrity: /)
  })

  it("come from the platform's cache the second time", async () => {
    const { asked, fetch } = registryOf(pack("some", "1.0.0", { "empty.js": "", "a.d.ts": "" }), 4096)
    const first = await install(BASE, "some", "1.0.0", { fetch, cache: caches.default })
    const second = await install(BASE, "some", "1.0.0", { fetch, cache: caches.default })
    assert.deepStrictEqual(second.files, first.files)
    assert.deepStrictEqual([...second.paths], ["package.json", "index.js", "empty.js"])
    assert.deepStrictEqual(asked, ["some/1.0.0", "some.tgz"])
  })

  it("that expand without end are refused at once", async () => {
    for (const body of [
      gzipSync(Buffer.alloc(32 * MIB)),
      gzipSync(tar([{ path: "package/a.js", body: Buffer.alloc(20 * MIB) }]))
    ]) {
      const { fetch } = registryOf(body, 65_536)
      assert.match(await failureOf(install(BASE, "some", "", { fetch })), /expands to more than 100 times its size/)
    }
  })
})

describe("gzip in workerd", () => {
  it("is never expanded far ahead of the one who reads", async () => {
    const zeros = gzipSync(Buffer.alloc(32 * MIB))
    let taken = 0
    let ahead = 0
    const gunzip = new Gunzip((bytes, fed) => {
      taken += bytes.length
      // Zeros expand to 1,029 times their size.
      ahead = Math.max(ahead, fed * 1029 - taken)
    })
    for (let at = 0; at < zeros.length; at += 5000) await gunzip.write(zeros.subarray(at, at + 5000))
    await gunzip.end()
    assert.strictEqual(taken, 32 * MIB)
    assert.isBelow(ahead, 10 * MIB, "two writes of 4 KiB")
  })
})

describe("hashes in workerd", () => {
  it("are those of Node", async () => {
    const bytes = new Uint8Array(100_000).fill(7)
    for (const algorithm of ["SHA-512", "SHA-384", "SHA-256"] as const) {
      const hasher = await makeHasher(algorithm)
      for (let at = 0; at < bytes.length; at += 33_333) await hasher.update(bytes.subarray(at, at + 33_333))
      const name = algorithm.replace("-", "").toLowerCase()
      assert.strictEqual(`${name}-${await hasher.digest()}`, integrityOf(bytes, name))
    }
  })
})
