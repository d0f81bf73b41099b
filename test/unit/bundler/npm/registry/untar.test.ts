import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Gunzip } from "../../../../../src/bundler/npm/archive/Gunzip.ts"
import { readArchive, writeArchive } from "../../../../../src/bundler/npm/archive/stored-archive.ts"
import { pathInPackage } from "../../../../../src/bundler/npm/archive/tar-header.ts"
import { Untar } from "../../../../../src/bundler/npm/archive/Untar.ts"
import { type Entry, paxRecord, tar } from "../../../../support/npm/archives.ts"

/** All files of an archive that comes in pieces of these sizes, again and again. */
const unpack = (archive: Uint8Array, sizes: ReadonlyArray<number> = [archive.length]): ReadonlyMap<string, string> => {
  const files = new Map<string, string>()
  const untar = new Untar({
    wants: () => true,
    onFile: (path, bytes) => files.set(path, new TextDecoder("latin1").decode(bytes))
  })
  for (let at = 0, turn = 0; at < archive.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    untar.write(archive.subarray(at, at + size))
    at += size
  }
  untar.end()
  return files
}

const chunking = fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 8 })
const bodies = fc.uint8Array({ maxLength: 1600 })
const signal = new AbortController().signal

/** A stream of bytes that comes in pieces of a size. */
const streamOf = (bytes: Uint8Array, size: number): ReadableStream<Uint8Array> => {
  let at = 0
  return new ReadableStream({
    pull: (controller) => {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(at, at + size))
      at += size
    }
  })
}

describe("an archive", () => {
  it("has the same files however it comes", () =>
    fc.assert(
      fc.property(fc.array(bodies, { minLength: 1, maxLength: 6 }), chunking, (all, sizes) => {
        const archive = tar(all.map((body, index) => ({ path: `package/${index}.js`, body })))
        const expected = all.map((body, index) => [`${index}.js`, new TextDecoder("latin1").decode(body)])
        assert.deepStrictEqual<unknown>([...unpack(archive, sizes)], expected)
      })
    ))

  it("that is not one is refused, whatever it is", () =>
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 3000 }), chunking, (bytes, sizes) => {
        assert.throws(() => unpack(Uint8Array.from([1, ...bytes]), sizes))
      })
    ))

  it("never gives a file that leads out of the package", () =>
    fc.assert(
      fc.property(fc.stringMatching(/^[a./\\:\0]{0,12}$/), (name) => {
        const path = pathInPackage(name)
        if (path === undefined) return
        assert.notMatch(path, /^\/|(^|\/)\.{1,2}(\/|$)|\\|\0|\/\/|^$/)
        assert.strictEqual(new URL(`./${path}`, "https://x.invalid/package/").pathname, `/package/${path}`)
      })
    ))

  const long = `package/${"folder/".repeat(30)}é.js`
  const pax = (...records: ReadonlyArray<readonly [string, string]>): Entry => ({
    path: "PaxHeader",
    type: "x",
    body: records.map(([key, value]) => paxRecord(key, value)).join("")
  })
  const names = (entries: ReadonlyArray<Entry>) => [...unpack(tar(entries)).keys()]

  it("may have long names, of POSIX and of GNU", () => {
    const expected = long.slice("package/".length)
    assert.deepStrictEqual(names([pax(["mtime", "1"], ["path", long]), { path: "short", body: "1" }]), [expected])
    assert.deepStrictEqual(names([{ path: "././@LongLink", type: "L", body: `${long}\0` }, { path: "short" }]), [
      expected
    ])
    assert.deepStrictEqual(names([{ path: "c.js", prefix: "package/a/b" }]), ["a/b/c.js"])
    assert.deepStrictEqual(names([pax(["path", "package/a.js"]), { path: "x/b.js" }, { path: "x/c.js" }]), [
      "a.js",
      "c.js"
    ])
  })

  it("may have what nobody needs", () => {
    const kinds = ["1", "2", "3", "4", "5", "6", "K", "g", "S", "Z"].map((type): Entry => ({
      path: "package/x.js",
      type
    }))
    assert.deepStrictEqual(names([...kinds, { path: "package/folder/" }, { path: "./package/./a.js" }]), ["a.js"])
    assert.deepStrictEqual(names([{ path: "any-folder/a.js" }, { path: "other/b.js" }]), ["a.js", "b.js"])
    const again = tar([
      { path: "package/a.js", body: "1" },
      { path: "package/a.js", body: "2" }
    ])
    assert.strictEqual(unpack(again).get("a.js"), "2")
    const rest = Buffer.concat([tar([{ path: "package/a.js", body: "1" }]), Buffer.from("x".repeat(5000))])
    assert.strictEqual(unpack(rest).size, 1, "bytes after its end")
    assert.strictEqual(unpack(tar([{ path: "package/a.js", body: "1" }]).subarray(0, 1024)).size, 1, "no end")
  })

  it("may not have headers that make no sense", () => {
    for (const body of ["5 a=b\n", "99999999999 a=b\n", "x", "-1 a=b\n", "0 a=b\n", "999 a=b\n"])
      assert.throws(
        () => unpack(tar([{ path: "x", type: "x", body }, { path: "package/a.js" }])),
        /no pax header/,
        body
      )
    assert.throws(() => unpack(tar([pax(["size", "-1"]), { path: "package/a.js" }])))
    assert.throws(() => unpack(tar([pax(["size", "x"]), { path: "package/a.js" }])))
    assert.throws(() => unpack(tar([{ path: "x", type: "x", body: "x".repeat(70_000) }])))
    const wrong = tar([{ path: "package/a.js", body: "1" }])
    wrong[0] = 0x71
    assert.throws(() => unpack(wrong))
  })
})

describe("an archive in the cache", () => {
  const kept = fc.record({
    files: fc.uniqueArray(fc.tuple(fc.string({ minLength: 1 }), bodies), { selector: ([path]) => path, maxLength: 6 }),
    absent: fc.uniqueArray(fc.stringMatching(/^absent[a-z]{1,5}$/), { maxLength: 3 })
  })

  it("is read as it was written, and not at all if a byte is missing", () =>
    fc.assert(
      fc.asyncProperty(kept, fc.integer({ min: 1, max: 70_000 }), fc.nat(), async ({ files, absent }, size, cut) => {
        const unpacked = { files: new Map(files), paths: new Set([...files.map(([path]) => path), ...absent]) }
        const bytes = new Uint8Array(await new Response(writeArchive(unpacked, signal)).arrayBuffer())
        const read = await readArchive(streamOf(bytes, size), signal)
        assert.deepStrictEqual(new Map([...read.files].toSorted()), new Map([...unpacked.files].toSorted()))
        assert.deepStrictEqual(read.paths, unpacked.paths)
        const short = bytes.subarray(0, cut % bytes.length)
        assert.strictEqual(await readArchive(streamOf(short, size), signal).catch(() => "refused"), "refused")
        const longer = Uint8Array.from([...bytes, 0])
        assert.strictEqual(await readArchive(streamOf(longer, size), signal).catch(() => "refused"), "refused")
      }),
      { numRuns: 50 }
    ))
})

describe("gzip", () => {
  it("expands to the same bytes however it comes", () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 50_000 }), fc.integer({ min: 1, max: 9000 }), async (bytes, size) => {
        const zipped = gzipSync(Buffer.concat([bytes, Buffer.alloc(200_000)]))
        const parts: Array<Uint8Array> = []
        const gunzip = new Gunzip((part) => parts.push(part.slice()))
        for (let at = 0; at < zipped.length; at += size) await gunzip.write(zipped.subarray(at, at + size))
        await gunzip.end()
        assert.isTrue(Buffer.concat(parts).equals(Buffer.concat([bytes, Buffer.alloc(200_000)])))
      }),
      { numRuns: 30 }
    ))
})
