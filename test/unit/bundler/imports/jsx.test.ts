import { assert, describe, it } from "@effect/vitest"
import { answer, type Files, makeBundler } from "../../../support/bundler.ts"
import { type Small, smallRegistry } from "../../../support/npm/small-registry.ts"

/** A library whose elements tell its name. */
const library = (name: string): Small => ({
  json: { type: "module", exports: { ".": "./index.js", "./jsx-runtime": "./index.js" } },
  files: {
    "index.js": `export const jsx = (type) => ({ by: "${name}", type }); export const jsxs = jsx
export const h = jsx, createElement = (type) => ({ by: "${name} classic", type }); export default { createElement }
export const show = (it) => it.by ?? "hono"`
  }
})

const PACKAGES = {
  "react@19.0.0": library("react"),
  "preact@10.0.0": library("preact"),
  "react-dom@19.0.0": { files: { "server.js": 'exports.show = (it) => it.by ?? "hono"' } }
}

const shown = async (files: Files) =>
  (await answer(await makeBundler(smallRegistry(PACKAGES).options).bundle(files))).text()

const program = (imports: string, element = "<b>1</b>") =>
  `${imports}\nexport default { fetch: () => new Response(show(${element})) }`

const LOCAL = 'const show = (it) => it.by ?? "hono"'

const json = (value: unknown) => JSON.stringify(value)

const config = (compilerOptions: object) => json({ compilerOptions })

describe("JSX", () => {
  it("is React's or Preact's where the file imports it", async () => {
    assert.strictEqual(await shown({ "index.tsx": program('import React, { show } from "react"') }), "react")
    assert.strictEqual(await shown({ "index.jsx": program('import { show } from "preact"') }), "preact")
    assert.strictEqual(await shown({ "index.js": program('import { show } from "npm:react@19"') }), "react")
    assert.strictEqual(await shown({ "index.tsx": program('import { show } from "react-dom/server"') }), "react")
  })

  it("is React's in files without imports of a project with React and without hono", async () => {
    const files = { "index.tsx": program('import { show } from "./show.js"\nimport { A } from "./a.js"', "A") }
    const others = { "a.tsx": "export const A = <b/>", "show.ts": 'export { show } from "react"' }
    assert.strictEqual(await shown({ ...files, ...others }), "react")
    const manifest = (dependencies: object) => ({ "index.tsx": program(LOCAL), "package.json": json({ dependencies }) })
    assert.strictEqual(await shown(manifest({ react: "^19" })), "react")
    assert.strictEqual(await shown(manifest({ preact: "^10" })), "preact")
    assert.strictEqual(await shown(manifest({ react: "^19", hono: "^4" })), "hono")
  })

  it("stays hono's where only types are React's, and beside an import of hono/jsx", async () => {
    const types = `import type { ReactNode } from "react"\nimport { Hono } from "hono"\nnew Hono()\n${LOCAL}`
    assert.strictEqual(await shown({ "index.tsx": program(types) }), "hono")
    const both = `import { useId } from "hono/jsx"\nimport { show } from "react"\nvoid useId`
    assert.strictEqual(await shown({ "index.tsx": program(both) }), "hono")
  })

  it("follows the config: react-jsx means React's unless there is none, and react is classic", async () => {
    const files = {
      "index.tsx": program(LOCAL),
      "package.json": json({ dependencies: { react: "19.0.0", hono: "^4" } }),
      "tsconfig.json": config({ jsx: "react-jsx" })
    }
    assert.strictEqual(await shown(files), "react")
    assert.strictEqual(await shown({ ...files, "package.json": json({ dependencies: { hono: "^4" } }) }), "hono")
    const preact = config({ jsx: "react-jsx", jsxImportSource: "preact" })
    assert.strictEqual(await shown({ ...files, "tsconfig.json": preact }), "preact")
    const classic = { ...files, "index.tsx": program(`import React from "react"\n${LOCAL}`) }
    assert.strictEqual(await shown({ ...classic, "tsconfig.json": config({ jsx: "react" }) }), "react classic")
  })

  it("follows a pragma before all", async () => {
    const source = program('/** @jsxImportSource preact */\nimport { show } from "react"')
    assert.strictEqual(await shown({ "index.tsx": source }), "preact")
    const factory = program('/** @jsx createElement */\nimport { createElement, show } from "react"')
    assert.strictEqual(await shown({ "index.tsx": factory }), "react classic")
  })
})
