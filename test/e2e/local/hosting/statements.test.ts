import { assert, describe, it } from "vitest"
import { splitStatements, wordsOf } from "../../../../src/local/hosting/site/statements.ts"

describe("the statements of a text of SQL", () => {
  for (const [what, sql, statements] of [
    ["none", " ; -- nothing;\n /* ; */ ;", []],
    [
      "several, with and without a semicolon at the end",
      "SELECT 1; SELECT 2;SELECT 3",
      ["SELECT 1", "SELECT 2", "SELECT 3"]
    ],
    [
      "strings and names with semicolons",
      `SELECT 'a;''b', "c;d", [e;f], \`g;h\`; SELECT 2`,
      [`SELECT 'a;''b', "c;d", [e;f], \`g;h\``, "SELECT 2"]
    ],
    ["comments with quotes", "SELECT 1 -- it's;\n; SELECT 2 /* ' */", ["SELECT 1 -- it's;", "SELECT 2 /* ' */"]],
    [
      "a trigger",
      "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; DELETE FROM a; END; SELECT 1",
      ["CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; DELETE FROM a; END", "SELECT 1"]
    ],
    ["a transaction", "BEGIN; SELECT 1; END", ["BEGIN", "SELECT 1", "END"]],
    ["an open string", "SELECT 'a; SELECT 2", ["SELECT 'a; SELECT 2"]]
  ] as const)
    it(what, () => {
      assert.deepStrictEqual<unknown>(splitStatements(sql), statements)
    })

  it("have words in capitals, without comments", () => {
    const words = wordsOf("with x as (select 1) -- insert\n insert into y /* z */")
    assert.strictEqual(words.join(" "), "WITH X AS ( SELECT 1 ) INSERT INTO Y")
  })
})
