import { assert, describe, it } from "@effect/vitest"
import { BundleError, type FileContent, LIMITS } from "../../../../src/bundler/index.ts"
import { readProject, splitFiles } from "../../../../src/bundler/files/read-project.ts"

type Sent = Readonly<Record<string, FileContent>>

const bytes = (length: number): FileContent => ({ base64: Buffer.alloc(length, 255).toString("base64") })

const refusal = (files: Sent, assetBytes?: number): string => {
  try {
    readProject(files, assetBytes)
  } catch (error) {
    assert.instanceOf(error, BundleError)
    return error.diagnostics.map(({ file, text }) => `${file}: ${text}`).join("\n")
  }
  return ""
}

const names = (entries: ReadonlyArray<readonly [string, unknown]>) => entries.map(([path]) => path)

describe("files", () => {
  it("are assets in public, dist and the configured folder, and sources in all others", () => {
    const files = { "src/a.ts": "", "public/a": "", "./dist//b": "", "www/c": "", "public.ts": "", "src/public/d": "" }
    assert.deepStrictEqual(names(splitFiles(files).assets), ["public/a", "./dist//b"])
    const config = { "wrangler.json": '{"assets":{"directory":"./www/"}}' }
    assert.deepStrictEqual(names(splitFiles({ ...files, ...config }).assets), ["public/a", "./dist//b", "www/c"])
    const root = { "./wrangler.toml": 'assets.directory = "."' }
    assert.deepStrictEqual(names(splitFiles({ ...files, ...root }).assets), ["public/a", "./dist//b"])
  })

  it("are split at once, whatever their configuration", () => {
    const many = Array.from({ length: 50 }, () => '{"binding":"x"}').join(",\n")
    const files = { "wrangler.json": `{${"\n".repeat(450_000)}"services":[${many}]}` }
    const start = performance.now()
    assert.throws(() => splitFiles(files), BundleError)
    // It took two seconds while each diagnostic looked for its place.
    assert.isBelow(performance.now() - start, 1000)
  })

  it("have a configuration that was sent as bytes", () => {
    const base64 = Buffer.from('{"vars":{"A":"b"},"assets":{"directory":"www"}}').toString("base64")
    const files = { "wrangler.jsonc": { base64 }, "www/a": "x", "index.ts": "" }
    assert.deepStrictEqual(readProject(files).config.vars, { A: "b" })
    assert.deepStrictEqual(names(splitFiles(files).assets), ["www/a"])
  })

  it("are sources in a folder with the program", () => {
    const files = { "dist/index.js": "", "public/a": "" }
    for (const settings of [
      { "wrangler.json": '{"main":"./dist/index.js"}' },
      { "package.json": '{"main":"dist/index.js"}' },
      { "package.json": '{"exports":{".":{"worker":"./dist/index.js"}}}' }
    ])
      assert.deepStrictEqual(names(splitFiles({ ...files, ...settings } as Sent).assets), ["public/a"])
  })

  it("have limits of their own", () => {
    const full = {
      "a.ts": "x".repeat(LIMITS.sourceBytes - 3),
      "b.wasm": bytes(3),
      "public/a": bytes(LIMITS.assetBytes)
    }
    assert.strictEqual(readProject(full).bytes, LIMITS.sourceBytes)
    assert.include(refusal({ ...full, "c.ts": "x" }), "The sources are at least 512001 bytes")
    assert.include(refusal({ ...full, "public/b": "x" }), "The assets are at least 2097153 bytes; at most 2097152")
    assert.include(refusal({ "public/a": bytes(11) }, 10), "at least 11 bytes; at most 10")
    assert.strictEqual(refusal({ "public/a": bytes(10) }, 10), "")
    const many = (count: number, folder: string) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`${folder}${index}`, "x"]))
    assert.strictEqual(refusal({ ...many(500, "s"), ...many(1000, "public/") }), "")
    assert.include(refusal({ ...many(501, "s"), ...many(1000, "public/") }), "501 files")
    assert.include(refusal({ ...many(500, "s"), ...many(1001, "public/") }), "1001 assets")
  })

  it("that wrangler generates as declarations count for nothing", () => {
    const files = { "worker-configuration.d.ts": "x".repeat(600_000), "a.ts": "y" }
    const project = readProject(files)
    assert.strictEqual(project.bytes, 1)
    assert.strictEqual(project.files.get("worker-configuration.d.ts"), "")
  })

  it("are text wherever their bytes are text, but for modules of bytes", () => {
    const base64 = Buffer.from("é\n").toString("base64")
    const { files, binaries } = readProject({
      "a.ts": { base64 },
      "b.bin": { base64 },
      "c.WASM": { base64 },
      "public/d.txt": { base64 },
      "e.png": { base64: "/w==" },
      "f.txt": { base64: "AA==" },
      "g.txt": { base64: "" }
    })
    assert.deepStrictEqual(
      [...files],
      [
        ["a.ts", "é\n"],
        ["g.txt", ""]
      ]
    )
    assert.deepStrictEqual([...binaries.keys()], ["b.bin", "c.WASM", "public/d.txt", "e.png", "f.txt"])
  })

  it("are refused if they are neither texts nor bytes, or sent twice", () => {
    for (const base64 of ["a", "a=b=", "YQ", "Y Q=", "YQ==\n", "_-=="])
      assert.include(refusal({ "a.png": { base64 } }), "not in base64")
    for (const content of [5, null, [], {}, { base64: 5 }, { text: "x" }])
      assert.include(refusal({ x: content } as unknown as Sent), "has no text")
    assert.include(refusal({ "a.png": bytes(1), "./a.png": "x" }), "sent twice")
    assert.include(refusal({ "../a.png": bytes(1) }), "..")
  })
})
