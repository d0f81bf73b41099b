import { assert, describe, it } from "@effect/vitest"
import { answering, makeBundler } from "../../../../support/bundler.ts"
import { type Small, smallRegistry } from "../../../../support/npm/small-registry.ts"

const version = (value: string, peerDependencies: Readonly<Record<string, string>> = {}): Small => ({
  json: { type: "module", exports: "./index.js", peerDependencies },
  files: { "index.js": `export default ${JSON.stringify(value)}` }
})

/** A package and its renderer, which belong together by their versions. */
const PAIR = {
  ...Object.fromEntries(["18.2.0", "18.3.1", "19.0.0", "19.3.0"].map((it) => [`ui@${it}`, version(it)])),
  ...Object.fromEntries(
    ["18.2.0", "18.3.1", "18.3.2", "19.0.0", "19.3.0"].map((it) => [`ui-dom@${it}`, version(it, { ui: `^${it}` })])
  )
}

const BOTH = answering('import ui from "ui"\nimport dom from "ui-dom"', "ui", "dom")

const asking = (dependencies: Readonly<Record<string, string>>) => ({
  "index.ts": BOTH,
  "package.json": JSON.stringify({ dependencies })
})

describe("packages without a version", () => {
  it("take a version that accepts the project's", async () => {
    const { values } = makeBundler(smallRegistry(PAIR).options)
    assert.deepStrictEqual(await values({ "index.ts": BOTH }), ["19.3.0", "19.3.0"])
    assert.deepStrictEqual(await values(asking({ ui: "^18" })), ["18.3.1", "18.3.1"])
    assert.deepStrictEqual(await values(asking({ ui: "18.2.0" })), ["18.2.0", "18.2.0"])
  })

  it("take the version that others accept", async () => {
    const packages = { ...PAIR, "ui-kit@1.0.0": version("1", { ui: "^17 || ^18" }) }
    const files = { "index.ts": answering('import ui from "ui"\nimport "ui-kit"', "ui") }
    assert.deepStrictEqual(await makeBundler(smallRegistry(packages).options).values(files), ["18.3.1"])
    for (const ui of [{}, { ui: "latest" }, { ui: "*" }]) {
      const { values } = makeBundler(smallRegistry(PAIR).options)
      assert.deepStrictEqual(await values(asking({ "ui-dom": "~18.2", ...ui })), ["18.3.1", "18.2.0"])
    }
  })

  it("are searched for one that fits, where their versions differ", async () => {
    const kits = Array.from({ length: 40 }, (_, n) => [`kit@0.${n}.0`, version(`${n}`, { ui: n < 11 ? "^18" : "^19" })])
    const { asked, options } = smallRegistry({ ...PAIR, ...Object.fromEntries(kits) })
    const files = {
      "index.ts": answering('import kit from "kit"', "kit"),
      "package.json": JSON.stringify({ dependencies: { ui: "^18" } })
    }
    const { bundle, values } = makeBundler(options)
    assert.deepStrictEqual(await values(files), ["10"])
    assert.isBelow(asked.filter((it) => it.startsWith("kit/")).length, 10)
    assert.include((await bundle(files)).lock["kit@latest"], "kit@0.10.0 ")
  })
})

describe("a peer that its importer does not accept", () => {
  const importing: Small = {
    json: { type: "module", exports: "./index.js", peerDependencies: { ui: "^17" } },
    files: { "index.js": 'export { default } from "ui"' }
  }

  it("is a warning that names both versions", async () => {
    const { bundle } = makeBundler(smallRegistry({ ...PAIR, "old@1.0.0": importing }).options)
    const { warnings } = await bundle({
      "index.ts": answering('import old from "old"\nimport ui from "ui"', "old", "ui"),
      "package.json": JSON.stringify({ dependencies: { ui: "^19", old: "1" } })
    })
    assert.deepStrictEqual(
      warnings.map(({ file, line, text }) => [file, line, text]),
      [["index.ts", 1, "old@1.0.0 wants ui ^17, and the project has 19.3.0"]]
    )
  })

  it("is none that the importer does not declare, or declares without a version", async () => {
    const source = 'import "self"\nexport { default } from "ui"'
    const peerDependencies = { ui: "next" }
    const self: Small = { json: { type: "module", main: "index.js", peerDependencies }, files: { "index.js": source } }
    const { bundle } = makeBundler(smallRegistry({ ...PAIR, "self@1.0.0": self }).options)
    const { warnings } = await bundle({
      "index.ts": answering('import self from "self"\nimport ui from "ui"', "self", "ui"),
      "package.json": JSON.stringify({ dependencies: { ui: "latest", self: "latest" } })
    })
    assert.deepStrictEqual(warnings, [])
  })

  it("is the reason why it lacks a module", async () => {
    const files = { "index.js": 'import "ui/server"' }
    const { refusal } = makeBundler(smallRegistry({ ...PAIR, "old@1.0.0": { ...importing, files } }).options)
    const [diagnostic] = await refusal({
      "index.ts": 'import "old"\nexport default {}',
      "package.json": JSON.stringify({ dependencies: { ui: "^19", old: "1" } })
    })
    assert.include(diagnostic?.hint, "old@1.0.0 wants ui ^17, and the project has 19.3.0")
  })
})
