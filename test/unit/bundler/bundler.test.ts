import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { PROVIDED_SPECIFIERS } from "../../../src/bundler/resolve/provided.ts"
import { answer, type Files, makeBundler } from "../../support/bundler.ts"

// The compiler takes seconds to start, so only a few files start it.

const { bundle, refusal, values } = makeBundler()

/** The files of an example request. */
const example = (name: string): Files =>
  (JSON.parse(readFileSync(`test/fixtures/requests/${name}.json`, "utf8")) as { readonly files: Files }).files

/** Makes a program that answers the values of some expressions. */
const answering = (imports: string, ...values: ReadonlyArray<string>): string =>
  `${imports}\nexport default { fetch: () => Response.json([${values.join(", ")}]) }\n`

describe("the example requests", () => {
  it("hono-api answers hello", async () => {
    const bundled = await bundle(example("hono-api"))
    assert.deepInclude(bundled, {
      entrypoint: "src/index.ts",
      main: "worker.js",
      warnings: [],
      compatibilityFlags: ["nodejs_compat"]
    })
    assert.deepStrictEqual(await (await answer(bundled)).json(), { hello: "world" })
  })

  it("plain-js answers hi", async () => {
    assert.strictEqual(await (await answer(await bundle(example("plain-js")), "http://site.test/x")).text(), "hi /x")
  })

  it("multi-file finds main, ./index.js for index.ts, JSON and an empty file", async () => {
    const bundled = await bundle(example("multi-file"))
    assert.strictEqual(bundled.entrypoint, "server/main.ts")
    assert.deepStrictEqual(await (await answer(bundled)).json(), {
      routes: ["/notes", "/health"],
      greeting: "hello",
      empty: ""
    })
  })

  it("jsx-page renders with hono's JSX", async () => {
    const response = await answer(await bundle(example("jsx-page")), "http://site.test/?name=<Ann>")
    assert.strictEqual(await response.text(), "<h1>Hello &lt;Ann&gt;</h1>")
    assert.strictEqual(response.headers.get("access-control-allow-origin"), "*")
  })

  it("throws-at-start bundles", async () => {
    assert.include((await bundle(example("throws-at-start"))).code, "boom at start")
  })

  it("bad-syntax is refused at the syntax error", async () => {
    assert.deepInclude((await refusal(example("bad-syntax")))[0], { file: "index.ts", line: 1, column: 52 })
  })

  it("missing-import is refused at the import", async () => {
    assert.deepStrictEqual(await refusal(example("missing-import")), [
      {
        file: "index.ts",
        line: 1,
        column: 19,
        text: '"./nowhere" is not among the files',
        source: example("missing-import")["index.ts"]?.split("\n")[0] ?? "",
        hint: "Send nowhere.ts, or correct the import."
      }
    ])
  })

  it("bare-import is refused with the line to write instead", async () => {
    const [diagnostic] = await refusal(example("bare-import"))
    assert.deepInclude(diagnostic, { file: "index.ts", line: 1, column: 21 })
    assert.include(diagnostic?.hint, 'import leftPad from "https://esm.sh/left-pad"')
  })

  it("no-default-export is refused with the line to add", async () => {
    const [diagnostic] = await refusal(example("no-default-export"))
    assert.deepInclude(diagnostic, { file: "index.ts", line: 1, column: 1, hint: "Add: export default { fetch }" })
  })
})

describe("imports", () => {
  it("named like members of the prototype find only files", async () => {
    const entry = answering(
      "import a from './__proto__'\nimport b from './toString.js'\nimport c from './constructor'",
      ..."abc"
    )
    const named = JSON.parse('{"__proto__.ts": "export default 1"}') as Files
    const others = { "toString.ts": "export default 2", "constructor/index.ts": "export default 3" }
    assert.deepStrictEqual(
      await values({ ...others, ...Object.fromEntries([["index.ts", entry]]), ...named }),
      [1, 2, 3]
    )
    assert.deepStrictEqual(
      (await refusal({ "index.ts": entry })).map(({ line, text }) => [line, text]),
      [
        [1, '"./__proto__" is not among the files'],
        [2, '"./toString.js" is not among the files'],
        [3, '"./constructor" is not among the files']
      ]
    )
    assert.match(
      (await refusal({ "index.ts": "import x from 'toString'\nexport default x" }))[0]?.text ?? "",
      /package/
    )
  })

  it("do not leave the root, and do not stop there", async () => {
    const [diagnostic] = await refusal({ "src/index.ts": "export { default } from '../../x'", "x.ts": "" })
    assert.deepInclude(diagnostic, { file: "src/index.ts", line: 1, column: 25 })
    assert.include(diagnostic?.text, "out of the project")
  })

  it("read data files by their type", async () => {
    const names = ["a.json", "b.txt", "c.html", "d.css", "e.sql", "f.md", "g.txt"]
    const imports = names.map((name) => `import ${name[0]} from "./${name}"`).join("\n")
    const texts = Object.fromEntries(names.map((name) => [name, name === "a.json" ? '{"__proto__": 1}' : name]))
    assert.deepStrictEqual(
      await values({
        ...texts,
        "g.txt": "",
        "index.ts": answering(imports, "a.__proto__", "b", "c", "d", "e", "f", "g")
      }),
      [1, "b.txt", "c.html", "d.css", "e.sql", "f.md", ""]
    )
  })

  it("of CommonJS files and of JSX in .js work", async () => {
    const entry = "const { x } = require('./b')\nmodule.exports = { fetch: () => Response.json([x, String(<i>1</i>)]) }"
    assert.deepStrictEqual(await values({ "index.js": entry, "b.js": "exports.x = 1" }), [1, "<i>1</i>"])
  })

  it("of the platform's modules stay, with their flag", async () => {
    const entry =
      "import { env } from 'cloudflare:workers'\nimport it from 'workerd:x'\nexport default { env, it, fetch }"
    const platform = await bundle({ "index.ts": entry })
    assert.match(platform.code, /from "cloudflare:workers"/)
    assert.match(platform.code, /from "workerd:x"/)
    assert.deepStrictEqual(platform.compatibilityFlags, ["nodejs_compat"])
    const node = await bundle({
      "index.ts": answering("import { join } from 'path'\nimport 'node:fs'", "join('a', 'b')")
    })
    assert.match(node.code, /from "node:path"/)
    assert.deepStrictEqual(node.compatibilityFlags, ["nodejs_compat"])
    assert.deepStrictEqual(await (await answer(node)).json(), ["a/b"])
  })

  it("of unsupported kinds are refused, each with a reason", async () => {
    const lines = [
      ["import a from 'https://evil.test/left-pad@1'", /evil\.test is not allowed/, /https:\/\/esm\.sh/],
      ["import a from './x.wasm'", /WebAssembly/, /base64/],
      ["import a from './x.png'", /\.png files/, /with \{ type: "text" \}/],
      ["import a from '/x.ts'", /absolute/, /"\.\/x\.ts"/],
      ["import a from 'data:text/plain,x'", /"data:"/, /relative paths/],
      ["import a from 'react'", /"react"/, /import a from "https:\/\/esm\.sh\/react"/],
      ["import a from 'bun:sqlite'", /"bun:"/, /relative paths/]
    ] as const
    const entry = lines.map(([line], index) =>
      `{ ${line} }`.replace(/^\{ (import.*) \}$/, "$1").replace(/\ba\b/, `a${index}`)
    )
    const use = `export default [${lines.map((_, index) => (index < 7 ? `a${index}` : 0)).join()}]`
    const found = await refusal({ "index.ts": [...entry, use].join("\n"), "x.wasm": "", "x.png": "", "x.ts": "" })
    assert.lengthOf(found, lines.length)
    for (const [index, [, text, hint]] of lines.entries()) {
      const diagnostic = found.find(({ line }) => line === index + 1)
      assert.match(diagnostic?.text ?? "", text)
      assert.match(diagnostic?.hint ?? "", new RegExp(hint.source.replace("import a ", `import a${index} `)))
    }
  })

  it("of names that a module does not export are refused, even of hono", async () => {
    const entry = "import { x } from './x'\nimport { Nope } from 'hono'\nexport default { x, Nope, fetch }"
    assert.deepStrictEqual(
      (await refusal({ "index.ts": entry, "x.ts": "export const y = 1" })).map(({ line, text }) => [line, text]),
      [
        [1, 'No matching export in "x.ts" for import "x"'],
        [2, 'No matching export in "npm:hono" for import "Nope"']
      ]
    )
  })
})

describe("hono", () => {
  it("is provided with every server-side module", async () => {
    const imports = PROVIDED_SPECIFIERS.map((specifier, index) => `import * as m${index} from "${specifier}"`).join(
      "\n"
    )
    const names = PROVIDED_SPECIFIERS.map((_, index) => `Object.keys(m${index}).length`)
    const bundled = await bundle({ "index.ts": answering(imports, ...names) })
    assert.deepStrictEqual(bundled.warnings, [])
    const counts = (await (await answer(bundled)).json()) as ReadonlyArray<number>
    const empty = PROVIDED_SPECIFIERS.filter((_, index) => counts[index] === 0)
    // This module declares only types.
    assert.deepStrictEqual(empty, ["hono/conninfo"])
  })

  it("is bundled once: two modules share their parts", async () => {
    const entry = answering(
      "import { Hono } from 'hono'\nimport { HTTPException } from 'hono/http-exception'\nimport { bearerAuth } from 'hono/bearer-auth'\n" +
        "const app = new Hono()\napp.onError((e, c) => c.text(String(e instanceof HTTPException)))\napp.use(bearerAuth({ token: 'x' }))\n" +
        "const text = await (await app.request('/')).text()",
      "text"
    )
    assert.deepStrictEqual(await values({ "index.ts": entry }), ["true"])
  })
})

describe("settings", () => {
  it("of JSX come from tsconfig.json, even with comments", async () => {
    const files = {
      "index.tsx": "const h = (name: string) => name\nexport default { fetch: () => Response.json(<p />) }",
      "tsconfig.json": '{ "compilerOptions": { "jsx": "react", "jsxFactory": "h", /* why not */ } }'
    }
    assert.strictEqual(await values(files), "p")
    const invalid = { ...files, "tsconfig.json": '{\n "compilerOptions": { "jsx": "react" "x": 1 } }' }
    assert.deepInclude((await refusal(invalid))[0], { file: "tsconfig.json", line: 2 })
  })
})
