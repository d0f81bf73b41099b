import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"

/** The Worker's sources; `src/local` runs in Node. */
const sources = readdirSync("src", { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((path) => !/generated|\.d\.ts$|^src.local/.test(path))

/** A module that shares none with the rest of the Worker. */
const ALONE = ["src/control-plane/jack/upload-form.ts: ./zip.ts"]

describe("dynamic imports", () => {
  // esbuild puts the module, and all that it imports, into functions. V8 reads those when the isolate starts, and reads them
  // again when it calls them. For three such imports that was half of Effect, and 15 ms of each start.
  it("name only modules that share none with the rest of the Worker", () => {
    const found = sources.flatMap((path) =>
      [...readFileSync(path, "utf8").matchAll(/\bimport\("(\.[^"]*)"\)(?!\.)/g)].map(([, to]) => `${path}: ${to}`)
    )
    assert.deepStrictEqual(found, ALONE)
  })
})
