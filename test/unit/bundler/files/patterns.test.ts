import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { matchesPath, matchesWildcard } from "../../../../src/bundler/files/glob.ts"
import { ignoreProblem, readIgnore } from "../../../../src/bundler/files/ignore.ts"
import { findMigrations } from "../../../../src/bundler/files/migrations.ts"
import { base64Length, fromBase64, isBase64, textOf, toBase64 } from "../../../../src/bundler/files/base64.ts"

describe("patterns", () => {
  it("match as a regular expression does", () =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "b", ".", "/", "*"), { maxLength: 8 }),
        fc.array(fc.constantFrom("a", "b", ".", "/"), { maxLength: 10 }),
        (pattern, text) => {
          const expression = pattern
            .map((it) => (it === "*" ? "[^]*" : `\\${it}`))
            .join("")
            .replace(/\\([ab])/g, "$1")
          const expected = new RegExp(`^${expression}$`).test(text.join(""))
          assert.strictEqual(matchesWildcard(pattern.join(""), text.join("")), expected)
        }
      ),
      { numRuns: 2000 }
    ))

  it("of paths match as a regular expression does", () =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "b", "*", "a*", "**"), { maxLength: 5 }),
        fc.array(fc.constantFrom("a", "b", "ab"), { maxLength: 6 }),
        (pattern, path) => {
          const expression = pattern
            .map((it) => (it === "**" ? "(?:[^/]+/)*" : `${it.replace("*", "[^/]*")}/`))
            .join("")
          const expected = new RegExp(`^${expression}$`).test(path.map((it) => `${it}/`).join(""))
          assert.strictEqual(matchesPath(pattern, path, true), expected)
        }
      ),
      { numRuns: 2000 }
    ))

  it("take linear time", () => {
    const start = performance.now()
    assert.isFalse(matchesWildcard(`${"a*".repeat(250)}b`, "a".repeat(100_000)))
    assert.isFalse(
      matchesPath(
        Array.from({ length: 200 }, () => "**").concat("x"),
        Array.from({ length: 500 }, () => "a"),
        true
      )
    )
    assert.isBelow(performance.now() - start, 2000)
  })
})

describe(".assetsignore", () => {
  const ROWS: ReadonlyArray<readonly [text: string, ignored: ReadonlyArray<string>, kept: ReadonlyArray<string>]> = [
    ["", [], ["a", "a/b"]],
    ["# a\n\n  \n", [], ["a", "# a"]],
    ["a", ["a", "b/a", "a/c", "b/a/c"], ["ab", "b"]],
    ["/a", ["a", "a/b"], ["b/a"]],
    ["a/", ["a/b", "x/a/b"], ["a", "x/a"]],
    ["*.map\n!keep.map", ["a.map", "x/b.map"], ["keep.map", "x/keep.map", "map"]],
    ["x/*.js", ["x/a.js"], ["x/y/a.js", "y/x/a.js"]],
    ["x/**/a", ["x/a", "x/y/z/a"], ["a", "y/x/a"]],
    ["**/secret", ["secret", "a/b/secret"], ["secrets"]],
    ["x\n!x/a", ["x/a"], []],
    ["x/*\n!x/a", ["x/b"], ["x/a"]],
    ["_worker.js\r\n_routes.json\r\n", ["_worker.js", "_routes.json"], ["index.html"]],
    ["\\!a\n\\#b", ["!a", "#b"], ["a"]]
  ]
  it("ignores what git would", () => {
    for (const [text, ignored, kept] of ROWS) {
      const isIgnored = readIgnore(text)
      for (const path of ignored) assert.isTrue(isIgnored(path), `${text}: ${path}`)
      for (const path of kept) assert.isFalse(isIgnored(path), `${text}: ${path}`)
    }
  })
})

describe("patterns of .assetsignore", () => {
  it("are followed or refused, and none is left out", () => {
    const lines = (count: number, pattern: string) => Array.from({ length: count }, () => pattern).join("\n")
    assert.isUndefined(ignoreProblem(`# a\n\n${lines(200, "*.map")}`, ["a/b"]))
    assert.match(ignoreProblem(lines(201, "*.map"), []) ?? "", /201 patterns/)
    assert.match(ignoreProblem("x".repeat(301), []) ?? "", /longer than 300/)
    assert.isTrue(readIgnore(`${lines(199, "a")}\nb`)("b"))
  })

  it("take no minutes for deeply nested files", () => {
    const deep = (folders: number) => Array.from({ length: 1000 }, (_, index) => `${index}/${"a/".repeat(folders)}f`)
    const text = Array.from({ length: 199 }, (_, index) => `**/b${index}/**/c`).join("\n")
    assert.match(ignoreProblem(text, deep(240)) ?? "", /so many nested files/)
    assert.isUndefined(ignoreProblem(text, deep(4)))
    const start = performance.now()
    const isIgnored = readIgnore(text)
    for (const path of deep(4)) assert.isFalse(isIgnored(path))
    assert.isBelow(performance.now() - start, 5000)
  })
})

describe("migrations", () => {
  const find = (paths: ReadonlyArray<string>, settings = {}) =>
    findMigrations(paths, () => "SELECT 1", {
      directory: "migrations",
      pattern: "migrations/*.sql",
      table: "d1_migrations",
      ...settings
    }).files.map(({ name }) => name)

  it("come by their number, then by name", () => {
    const names = ["10_a.sql", "9_b.sql", "0002_z.sql", "a.sql", "0002_a.sql", "B.sql", "2.sql"]
    const paths = names.map((name) => `migrations/${name}`)
    // "2.sql" and "0002…" have the same number; wrangler takes the first in order of their signs.
    assert.deepStrictEqual(find(paths), ["0002_a.sql", "0002_z.sql", "2.sql", "9_b.sql", "10_a.sql", "B.sql", "a.sql"])
  })

  it("are the files that the pattern names", () => {
    const paths = ["migrations/1.sql", "migrations/meta/2.sql", "migrations/.3.sql", "migrations/4.txt", "src/5.sql"]
    assert.deepStrictEqual(find(paths), ["1.sql"])
    assert.deepStrictEqual(find(paths, { pattern: "migrations/*/*.sql" }), ["meta/2.sql"])
    assert.deepStrictEqual(find(["1.sql", "x/2.sql"], { directory: "", pattern: "*.sql" }), ["1.sql"])
    assert.deepStrictEqual(find([]), [])
    const drizzle = ["drizzle/0010_b/migration.sql", "drizzle/0009_a/migration.sql"]
    assert.deepStrictEqual(find(drizzle, { directory: "drizzle", pattern: "drizzle/*/migration.sql" }), [
      "0009_a/migration.sql",
      "0010_b/migration.sql"
    ])
  })

  it("have to be text, and not too many", () => {
    const settings = { directory: "m", pattern: "m/*.sql", table: "t" }
    assert.throws(
      () => findMigrations(["m/1.sql"], () => undefined, settings),
      /m\/1.sql:1:1: The migration is no text/
    )
    const refused = () => findMigrations(["m/1.sql"], () => "SELECT 1;\n  CREAT TABLE t (x)", settings)
    assert.throws(refused, /m\/1.sql:2:3: No statement of SQL begins with "CREAT"/)
    const many = Array.from({ length: 201 }, (_, index) => `m/${index}.sql`)
    assert.throws(() => findMigrations(many, () => "", settings), /201 migrations/)
  })
})

it("base64 is read and written as Node does", () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const base64 = Buffer.from(bytes).toString("base64")
      assert.isTrue(isBase64(base64))
      assert.strictEqual(toBase64(bytes), base64)
      assert.deepStrictEqual(fromBase64(base64), bytes)
      assert.strictEqual(base64Length(base64), bytes.length)
      const text = Buffer.from(bytes).toString("utf8")
      const isText = !bytes.includes(0) && Buffer.from(text).equals(bytes)
      assert.strictEqual(textOf(bytes), isText ? text : undefined)
    })
  ))
