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
