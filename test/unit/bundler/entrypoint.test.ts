import { assert, describe, it } from "@effect/vitest"
import { BundleError, type Diagnostic } from "../../../src/bundler/diagnostics.ts"
import { findEntrypoint } from "../../../src/bundler/project/entrypoint.ts"
import { findFile, isDeclaration } from "../../../src/bundler/project/find-file.ts"

const files = (...names: ReadonlyArray<string>) => new Map(names.map((name) => [name, ""]))
const withMain = (main: unknown, ...names: ReadonlyArray<string>) =>
  files(...names).set("package.json", JSON.stringify({ name: "x", main }, undefined, 2))

const refusal = (project: ReadonlyMap<string, string>): Diagnostic => {
  try {
    findEntrypoint(project)
  } catch (error) {
    assert.instanceOf(error, BundleError)
    assert.lengthOf(error.diagnostics, 1)
    return error.diagnostics[0] ?? assert.fail()
  }
  return assert.fail("an entrypoint was found")
}

describe("findFile", () => {
  it("finds what TypeScript finds", () => {
    const cases: ReadonlyArray<readonly [path: string, found: string, ...files: ReadonlyArray<string>]> = [
      ["a", "a.ts", "a.js", "a.tsx", "a.ts"],
      ["a.js", "a.ts", "a.ts", "a.tsx"],
      ["a.js", "a.tsx", "a.tsx"],
      ["a.js", "a.js", "a.js", "a.ts"],
      ["a.jsx", "a.tsx", "a.tsx"],
      ["a.mjs", "a.mts", "a.mts"],
      ["a.cjs", "a.cts", "a.cts"],
      ["a", "a.json", "a.json"],
      ["a.test", "a.test.ts", "a.test.ts"],
      ["routes", "routes.ts", "routes/index.ts", "routes.ts"],
      ["routes", "routes/index.tsx", "routes/index.tsx"],
      ["", "index.js", "index.js"],
      ["toString", "toString.ts", "toString.ts"],
      ["__proto__", "__proto__", "__proto__"]
    ]
    for (const [path, found, ...names] of cases) assert.strictEqual(findFile(files(...names), path), found)
  })

  it("takes a folder's index for a folder's path", () => {
    assert.strictEqual(findFile(files("a.ts", "a/index.ts"), "a", true), "a/index.ts")
  })

  it("finds nothing else", () => {
    const names = files("a.ts.bak", "b.ts", "types.d.ts", "c.d/x.ts")
    for (const path of ["a", "a.ts", "B", "b.tsx", "b/index", "types", "c", "c.d", "toString", "constructor", ""])
      assert.isUndefined(findFile(names, path), path)
  })
})

describe("the entrypoint", () => {
  it("is main, resolved like an import", () => {
    for (const main of ["server/main.ts", "./server/main", "server/main.js", "server/../server/main"])
      assert.deepStrictEqual(findEntrypoint(withMain(main, "server/main.ts", "index.ts")), {
        path: "server/main.ts",
        warnings: []
      })
    assert.strictEqual(findEntrypoint(withMain("server", "server/index.ts")).path, "server/index.ts")
  })

  it("is the first usual file", () => {
    const usual = ["src/index.ts", "src/index.jsx", "index.ts", "index.mjs", "src/worker.ts", "worker.tsx"]
    for (let skip = 0; skip < usual.length; skip++)
      assert.strictEqual(findEntrypoint(files(...usual.slice(skip).toReversed())).path, usual[skip])
    assert.strictEqual(findEntrypoint(files("package.json", "index.js").set("package.json", "{}")).path, "index.js")
    assert.strictEqual(findEntrypoint(withMain(5, "index.js")).path, "index.js")
  })

  it("is a usual file, with a warning, if main leads nowhere", () => {
    for (const main of ["dist/index.js", "../index.ts", "types.d.ts", "index.html"]) {
      const found = findEntrypoint(withMain(main, "src/index.ts", "types.d.ts", "index.html"))
      assert.strictEqual(found.path, "src/index.ts")
      assert.deepInclude(found.warnings[0], { file: "package.json", line: 3, column: 3 })
    }
  })

  it("is never a declaration", () => {
    for (const name of ["types.d.ts", "src/index.d.ts", "a.d.mts", "a.d.css.ts"]) assert.isTrue(isDeclaration(name))
    for (const name of ["d.ts", "src/index.ts", "a.d.js", "ad.ts"]) assert.isFalse(isDeclaration(name))
    assert.deepInclude(refusal(files("index.d.ts", "types.d.ts")), { file: "", line: 0, column: 0 })
  })

  it("is requested if it is missing, with the line to send", () => {
    assert.match(
      refusal(files("app.tsx", "readme.md")).hint ?? "",
      /Rename app\.tsx to index\.tsx.*\{"main":"app\.tsx"\}/
    )
    assert.match(refusal(new Map()).hint ?? "", /index\.ts/)
    assert.deepInclude(refusal(withMain("dist/index.js", "app.ts")), { file: "package.json", line: 3, column: 3 })
  })

  it("is not searched if package.json is not JSON", () => {
    const invalid = refusal(files("index.ts").set("package.json", '{\n  "name": "x",\n  main: 1\n}'))
    assert.deepInclude(invalid, { file: "package.json", line: 3, column: 3 })
    assert.deepInclude(refusal(files("index.ts").set("package.json", '{\n"a":')), { line: 2, column: 5 })
    assert.strictEqual(findEntrypoint(files("index.ts").set("package.json", "\uFEFFnull")).path, "index.ts")
  })
})
