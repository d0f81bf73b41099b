import { assert, describe, it } from "@effect/vitest"
import { answering, makeBundler } from "../../../support/bundler.ts"
import { type Small, smallRegistry } from "../../../support/npm/small-registry.ts"

const IMPORTS = [
  'import s from "./a.module.css"',
  'import "./side.css"',
  'import "./one.png"',
  'import "./two.png"',
  'import "./c.ttf"'
]

const packageOf = (source: string): Small => ({
  json: { type: "module", exports: { ".": "./index.js", "./*": "./*" } },
  files: {
    "index.js": source,
    "a.module.css": '@import "./gone.css"; .root { background: url(./gone.png) }',
    "side.css": "a { color: red }",
    "page.html": "<p>",
    "q.sql": "select 1",
    "data.json": '{"a":1}',
    "code.js": 'export * from "./other.js"',
    "other.js": "export default 1",
    "one.png": "",
    "two.png": "",
    "c.ttf": ""
  }
})

const bundlerOf = (source: string) => makeBundler(smallRegistry({ "p@1.0.0": packageOf(source) }).options)

describe("a text of a package", () => {
  it("is imported as text", async () => {
    const imports = ["side.css", "page.html", "q.sql"].map((it, index) => `import t${index} from "p/${it}"`).join("\n")
    assert.deepStrictEqual(await bundlerOf("").values({ "index.ts": answering(imports, "t0", "t1", "t2") }), [
      "a { color: red }",
      "<p>",
      "select 1"
    ])
  })

  it("is imported as text where a rule of the project is for such files, too", async () => {
    const files = {
      "index.ts": answering('import css from "p/side.css"\nimport own from "./own.css"', "css", "own"),
      "own.css": "own",
      "wrangler.json": JSON.stringify({ main: "index.ts", rules: [{ type: "Text", globs: ["**/*.css"] }] })
    }
    assert.deepStrictEqual(await bundlerOf("").values(files), ["a { color: red }", "own"])
  })

  it("of styles is left out, and a CSS module names its classes", async () => {
    const { bundle, values } = bundlerOf(`${IMPORTS.slice(0, 2).join("\n")}\nexport default Object.keys(s)`)
    const files = { "index.ts": answering('import p from "p"', "p") }
    assert.deepStrictEqual(await values(files), [["root"]])
    assert.notInclude((await bundle(files)).code, "color")
  })
})

describe("the attributes of an import", () => {
  it("say how a package's file is read, also where it is a module as well", async () => {
    const imports = [
      'import text from "p/data.json" with { type: "text" }',
      'import json from "p/data.json" with { type: "json" }',
      'import bytes from "p/q.sql" with { type: "bytes" }',
      'import code from "p/code.js" with { type: "text" }',
      'import "p/code.js"'
    ]
    const index = answering(imports.join("\n"), "text", "json", "bytes.length", "code")
    const expected = ['{"a":1}', { a: 1 }, 8, 'export * from "./other.js"']
    assert.deepStrictEqual(await bundlerOf("").values({ "index.js": index }), expected)
  })
})

describe("a file of another kind in a package", () => {
  it("is refused once for each kind", async () => {
    const found = await bundlerOf(IMPORTS.join("\n")).refusal({ "index.ts": 'import "p"\nexport default {}' })
    assert.deepStrictEqual(
      found.map(({ file, text }) => `${file}: ${text}`),
      ["png", "ttf"].map(
        (it) => `index.ts: p@1.0.0 has .${it} files, and files of this kind cannot be imported from packages`
      )
    )
  })
})
