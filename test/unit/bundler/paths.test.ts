import { assert, describe, it } from "@effect/vitest"
import { BundleError } from "../../../src/bundler/diagnostics.ts"
import { joinPath, pathProblem, relativeSpecifier } from "../../../src/bundler/project/paths.ts"
import { readProject } from "../../../src/bundler/files/read-project.ts"

describe("joinPath", () => {
  it("follows a relative path from a folder", () => {
    assert.strictEqual(joinPath("src/lib", "../a.ts"), "src/a.ts")
    assert.strictEqual(joinPath("", "./a//./b.ts"), "a/b.ts")
    assert.strictEqual(joinPath("src", ".."), "")
  })

  it("does not clamp at the root", () => {
    assert.isUndefined(joinPath("", "../a.ts"))
    assert.isUndefined(joinPath("src", "../../src/a.ts"))
  })
})

describe("relativeSpecifier", () => {
  it("is the inverse of joinPath", () => {
    const cases = [
      ["", "a.ts", "./a.ts"],
      ["src", "src/a.ts", "./a.ts"],
      ["src/lib", "src/a.ts", "../a.ts"],
      ["src/lib", "test/a.ts", "../../test/a.ts"],
      ["a", "a/b/c.ts", "./b/c.ts"],
      ["a.ts", "a.ts", "../a.ts"]
    ] as const
    for (const [folder, file, specifier] of cases) {
      assert.strictEqual(relativeSpecifier(folder, file), specifier)
      assert.strictEqual(joinPath(folder, specifier), file)
    }
  })
})

describe("a project's paths", () => {
  it("are refused if no file can have them", () => {
    for (const name of [
      "",
      ".",
      "a/",
      "/a.ts",
      "../a.ts",
      "a/../b.ts",
      "a\\b.ts",
      "a\nb.ts",
      "a\u2028.ts",
      "\ud800.ts"
    ])
      assert.isDefined(pathProblem(name), JSON.stringify(name))
    for (const name of ["a.ts", "./a.ts", "a..b/...", ".env", "__proto__", "é/ü b#c?.ts", "😀.ts"])
      assert.isUndefined(pathProblem(name), JSON.stringify(name))
  })

  it("are normalized, and may be names of the prototype's members", () => {
    const sent = JSON.parse('{"./src//a.ts": "1", "__proto__": "2", "toString": ""}') as Record<string, string>
    assert.deepStrictEqual(
      [...readProject(sent).files],
      [
        ["src/a.ts", "1"],
        ["__proto__", "2"],
        ["toString", ""]
      ]
    )
    assert.isFalse(readProject({}).files.has("toString"))
  })

  it("are each named in the diagnostics if they are invalid", () => {
    try {
      readProject({ "/a.ts": "", "./b.ts": "", "b.ts": "", "c.ts": "" })
      assert.fail("accepted")
    } catch (error) {
      assert.instanceOf(error, BundleError)
      assert.deepStrictEqual(
        error.diagnostics.map((it) => it.file),
        ["/a.ts", "b.ts"]
      )
    }
  })
})
