import { assert, describe, it } from "@effect/vitest"
import { checkDefaultExport } from "../../../src/bundler/project/default-export.ts"
import { formatDiagnostic, fromMessage, fromMessages } from "../../../src/bundler/diagnostics.ts"
import { insteadOfMissing, insteadOfPackage } from "../../../src/bundler/resolve/hints.ts"
import { LOADERS, refuseExtension } from "../../../src/bundler/compiler/loaders.ts"

const message = (text: string, line: string, quoted: string, detail: unknown = undefined) => ({
  id: "",
  pluginName: "",
  text,
  location: {
    file: "src/a.ts",
    namespace: "file",
    line: 3,
    // esbuild counts columns in bytes.
    column: new TextEncoder().encode(line.slice(0, line.indexOf(quoted))).length,
    length: new TextEncoder().encode(quoted).length,
    lineText: line,
    suggestion: ""
  },
  notes: [],
  detail
})

const hintFor = (names: ReadonlyArray<string>, specifier: string, line: string): string => {
  const files = new Map(names.map((name) => [name, ""]))
  const rewrite = insteadOfPackage(
    { files, importer: "src/a.ts", hosts: new Set(), versionOf: () => undefined },
    specifier
  )
  return fromMessage(message("", line, JSON.stringify(specifier), rewrite)).hint ?? ""
}

describe("diagnostics", () => {
  it("count columns in UTF-16 units from 1", () => {
    const found = fromMessage(message("no", 'const é = "😀"; import "x"', '"x"'))
    assert.deepStrictEqual(found, {
      file: "src/a.ts",
      line: 3,
      column: 24,
      text: "no",
      source: 'const é = "😀"; import "x"'
    })
    assert.strictEqual(formatDiagnostic(found), "src/a.ts:3:24: no")
  })

  it("show esbuild's notes as a hint", () => {
    const note = { text: "It was declared here:", location: message("", "x", "x").location }
    assert.strictEqual(
      fromMessage({ ...message("no", "x", "x"), notes: [note, { text: "So.", location: null }] }).hint,
      "It was declared here: (src/a.ts:3) So."
    )
  })

  it("have no place if esbuild knows none, and are limited in number", () => {
    const none = { ...message("no", "", ""), location: null }
    assert.deepStrictEqual(fromMessage(none), { file: "", line: 0, column: 0, text: "no" })
    assert.lengthOf(fromMessages(Array.from({ length: 3000 }, () => none)), 50)
  })

  it("are limited in length", () => {
    const long = { ...message("x".repeat(100_000), "x", "x"), notes: [{ text: "y".repeat(100_000), location: null }] }
    const { text, hint = "" } = fromMessage(long)
    assert.deepStrictEqual([text.length, hint.length], [2000, 2000])
  })
})

describe("a refused package's hint", () => {
  it("gives the exact line to write", () => {
    assert.include(
      hintFor([], "left-pad", '  import leftPad from "left-pad";'),
      'Send the package\'s source as src/left-pad.js and write: import leftPad from "./left-pad.js";'
    )
    assert.include(hintFor([], "@x/y@1.2/z", 'export * from "@x/y@1.2/z"'), 'export * from "./x-y-z.js"')
    assert.include(hintFor([], "npm:left-pad@1", 'import "npm:left-pad@1"'), 'import "./left-pad.js"')
  })

  it("shows a general form if the source does not contain the specifier, or the line is too long", () => {
    const rewrite = insteadOfPackage(
      { files: new Map(), importer: "a.ts", hosts: new Set(), versionOf: () => undefined },
      "left-pad"
    )
    assert.include(fromMessage(message("", "<p>", "<p>", rewrite)).hint, 'import … from "./left-pad.js"')
    const endless = `import x from "left-pad"${" ".repeat(300)}`
    assert.include(fromMessage(message("", endless, '"left-pad"', rewrite)).hint, 'import … from "./left-pad.js"')
  })

  it("knows the project's own files, and hono", () => {
    assert.include(hintFor(["src/lib/x.ts"], "@/lib/x", 'import "@/lib/x"'), 'import "./lib/x.ts"')
    assert.include(hintFor(["lib/x.ts"], "lib/x", 'import "lib/x"'), 'import "../lib/x.ts"')
    assert.include(hintFor([], "npm:hono@4/cors", 'import "npm:hono@4/cors"'), 'import "hono/cors"')
    assert.include(hintFor([], "hono/nope", 'import "hono/nope"'), "hono/jwt, ")
    assert.include(hintFor([], "react/jsx-runtime", "<p>"), "hono/jsx")
    assert.include(hintFor([], "#x", 'import "#x"'), "relative path")
  })
})

describe("a missing file's hint", () => {
  const hint = (path: string, ...names: ReadonlyArray<string>) =>
    insteadOfMissing(new Map(names.map((name) => [name, ""])), "src/a.ts", path)

  it("guesses the intended file", () => {
    assert.strictEqual(hint("src/Util", "src/util.ts"), 'Did you mean "./util.ts"?')
    assert.strictEqual(hint("src/b", "lib/b.tsx"), 'Did you mean "../lib/b.tsx"?')
  })

  it("otherwise names the file to send", () => {
    assert.include(hint("src/b", "src/a.ts"), "Send src/b.ts")
    assert.include(hint("src/b.json", "src/a.ts"), "Send src/b.json")
    assert.include(hint("", "src/a.ts"), "Send index.ts")
  })
})

describe("the missing default export's hint", () => {
  it("is absent if there is a default export", () => assert.isUndefined(checkDefaultExport("a.ts", ["x", "default"])))

  it("uses the existing exports", () => {
    const hint = (...names: ReadonlyArray<string>) => checkDefaultExport("a.ts", names)?.hint
    assert.strictEqual(hint("fetch", "scheduled", "x"), "Add: export default { fetch, scheduled }")
    assert.strictEqual(hint("app"), "Add: export default app")
    assert.match(hint() ?? "", /^Add: export default \{ fetch\(request\)/)
    assert.deepInclude(checkDefaultExport("a.ts", []), { file: "a.ts", line: 1, column: 1 })
  })
})

describe("loaders", () => {
  it("read text as text and refuse the rest with a reason", () => {
    for (const extension of [".txt", ".html", ".css", ".sql", ".md"]) assert.strictEqual(LOADERS[extension], "text")
    assert.strictEqual(refuseExtension("wasm").hint, 'Send its bytes: { "base64": "AGFzbQ…" }.')
    assert.include(refuseExtension("png").text, ".png files")
    assert.include(refuseExtension("").text, "without extension")
  })
})
