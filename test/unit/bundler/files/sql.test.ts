import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { findSqlProblem } from "../../../../src/bundler/files/sql.ts"

/** SQL that D1 takes, as far as can be seen without a database. */
const FINE = [
  "",
  "-- nothing",
  "/* a comment that does not end",
  "\uFEFFCREATE TABLE t (x);",
  "create table t (x); ; insert into t values ('it''s; fine'), (\"a\"), (`b`), ([c]);\n-- done",
  "WITH a AS (SELECT 1) SELECT * FROM a",
  "PRAGMA defer_foreign_keys = on; REPLACE INTO t VALUES (1); VALUES (1); REINDEX; ANALYZE; EXPLAIN SELECT 1",
  "CREATE TEMP TRIGGER a AFTER INSERT ON t BEGIN UPDATE t SET x = CASE WHEN 1 THEN 2 END; SELECT 1; END; DROP TABLE t",
  "CREATE TRIGGER a AFTER INSERT ON t BEGIN DELETE FROM t; END"
]

/** SQL that it refuses, the text at the problem, and the problem. */
const WRONG: ReadonlyArray<readonly [sql: string, at: string, text: RegExp]> = [
  ["CREATE TABLE t (x);\nCREAT TABLE u (x)", "CREAT TABLE u", /begins with "CREAT"/],
  ["INSERT INTO t VALUES ('it's')", "')", /The ' does not end/],
  ['CREATE TABLE "t (x)', '"t', /The " does not end/],
  ["CREATE TABLE [t", "[t", /The \[ does not end/],
  ["BEGIN TRANSACTION;\nCREATE TABLE t (x);\nCOMMIT;", "BEGIN", /BEGIN is for transactions/],
  ["CREATE TABLE t (x); END", "END", /END is for transactions/],
  ["CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT 1; END; END", "END", /END is for transactions/],
  [".mode table", ".mode", /begins with "\."/],
  ["x".repeat(1000), "x", /begins with "x{40}…"/]
]

describe("SQL", () => {
  it("that a database could take has no problem", () => {
    for (const sql of FINE) assert.isUndefined(findSqlProblem(sql), sql)
  })

  it("that no database takes has its problem at its place", () => {
    for (const [sql, at, text] of WRONG) {
      const found = findSqlProblem(sql)
      assert.match(found?.text ?? "", text, sql)
      assert.isTrue(sql.slice(found?.offset).startsWith(at), `${sql}: ${found?.offset}`)
    }
  })

  it("of anything has a place within it", () =>
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (sql) => {
        const found = findSqlProblem(sql)
        assert.isTrue(found === undefined || (found.offset >= 0 && found.offset < sql.length))
      })
    ))

  it("takes linear time", () => {
    const start = performance.now()
    for (const sign of ["'", '"', "[", "''", "/*", "--", ";", "a ", "(", "'\n", "* "])
      findSqlProblem(`SELECT ${sign.repeat(500_000 / sign.length)}`)
    assert.isBelow(performance.now() - start, 3000)
  })
})
