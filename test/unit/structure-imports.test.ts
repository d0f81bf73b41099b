import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"

/** The Worker's sources; `src/local` runs in Node. */
const sources = readdirSync("src", { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((path) => !/generated|\.d\.ts$|^src.local/.test(path))

/** Modules that share few or none with the rest of the Worker: the bundler is plain TypeScript, and not Effect. */
const ALONE = ["src/bundler/layer.ts: ./index.ts", "src/control-plane/jack/upload-form.ts: ./zip.ts"]

describe("dynamic imports", () => {
  // esbuild puts the module, and all that it imports, into functions. V8 reads those when the isolate starts, and reads them
  // again when it calls them. For three such imports that was half of Effect, and 15 ms of each start.
  it("name only modules that share few with the rest of the Worker", () => {
    const found = sources.flatMap((path) =>
      [...readFileSync(path, "utf8").matchAll(/\bimport\("(\.[^"]*)"\)(?!\.)/g)].map(([, to]) => `${path}: ${to}`)
    )
    assert.deepStrictEqual(found.toSorted(), ALONE)
  })

  it("are the only imports of the bundler, whose parts are imported each from its own file", () => {
    const importers = sources.filter(
      (path) =>
        !/^src.bundler/.test(path) &&
        /^import (?!type\b)[^"]*"[./]*\/bundler\/index\.ts"/m.test(readFileSync(path, "utf8"))
    )
    assert.deepStrictEqual(importers, [])
  })
})

describe("tagged templates", () => {
  // esbuild escapes all other texts. With one other character V8 decodes the whole program, instead of copying it: some
  // milliseconds of each start.
  it("have only ASCII, so that the program has", () => {
    const tagged = sources
      .map((path) => [path, readFileSync(path, "utf8")] as const)
      .filter(([path, text]) => /^src.api.operator.pages/.test(path) && text.includes("html`"))
    assert.isAbove(tagged.length, 3)
    for (const [path, text] of tagged)
      assert.deepStrictEqual(
        // oxlint-disable-next-line no-control-regex
        text.split("\n").filter((line) => !/^\s*(\/\/|\*|\/\*)/.test(line) && /[^\x00-\x7f]/.test(line)),
        [],
        path
      )
  })
})
