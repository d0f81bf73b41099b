import { assert, describe, it } from "vitest"
import { explain, explainExport } from "../../../src/sandbox/explain.ts"

/** Messages in workerd's words, and the text that the explanation and its hint must contain. */
const MESSAGES: ReadonlyArray<readonly [message: string, text: RegExp, hint?: RegExp]> = [
  ["Uncaught Error: Disallowed operation called within global scope. Asynchronous I/O", /Only a request/, /handler/],
  ["Top-level await in module is unsettled.", /top-level await never settles/, /handler/],
  ['Error: Dynamic require of "fs" is not supported', /require\("fs"\)/, /from "fs"/],
  ['No such module "node:nowhere".\n  imported from "worker.js"', /no module "node:nowhere"/, /Send that file/],
  ["This worker is not permitted to access the internet via global functions", /no network/],
  ["The Workers runtime canceled this request because it detected that your code had hung", /never settles/],
  ["Worker exceeded CPU time limit.", /too much CPU time/],
  ["Worker exceeded memory limit.", /more memory/],
  ["internal error; reference = abc", /cannot read the exports/, /plain object/],
  [
    "TypeError: Incorrect type for map entry 'MAX': the provided value",
    /The export MAX .* may not export/,
    /before MAX/
  ],
  [
    "Cannot initialize ExportedHandler with required members from an undefined or null value.",
    /null or undefined/,
    /./
  ],
  ["Value's prototype chain does not end in Object.", /Object\.prototype/, /ordinary object/]
]

describe("explain", () => {
  for (const [message, text, hint] of MESSAGES)
    it(`explains ${message.slice(0, 60)}`, () => {
      const found = explain(message)
      assert.match(found.text, text)
      if (hint === undefined) assert.isUndefined(found.hint)
      else assert.match(found.hint ?? "", hint)
    })

  it("keeps the author's own message, without the runtime's prefixes, types and stack", () => {
    const message = "Failed to start Worker:\nUncaught jsg.Error: boom in N6workerd3jsg1E\n    at worker.js:3:7"
    assert.deepStrictEqual(explain(message), { text: "boom in a value of the runtime's" })
    assert.deepStrictEqual(explain("Error: boom"), { text: "boom" })
  })

  it("names the export, its kind and the fix", () => {
    assert.match(explainExport({ name: "default", kind: "a number" }).text, /default export is a number/)
    const { text, hint } = explainExport({ name: "MAX", kind: "a number" })
    assert.match(text, /The export MAX is a number/)
    assert.match(hint ?? "", /before MAX/)
    assert.match(explainExport({ name: "a", kind: "an object without Object.prototype" }).hint ?? "", /ordinary object/)
  })
})
