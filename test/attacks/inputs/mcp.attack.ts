import { assert, describe, it } from "vitest"
import { footprint } from "../footprint.ts"
import { attack, postJson } from "../support.ts"
import { list, values } from "./costly-json.ts"

/** As many fields as the gateway parses, each of another name. */
const most = `{${list(24_950, (index) => `"f${index}":1`)}}`
const costly = [...values, ["as many fields as are parsed", most] as const]

const call = (tool: string, args: string, meta = "{}") =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${tool}","arguments":${args},"_meta":${meta}}}`

const source = '{"files":{"index.ts":"export default {}"}}'
const credential = (value: string) => `{"org.paymentauth/credential":${value}}`
const challenge = (request: string) =>
  credential(
    `{"challenge":{"id":"x","realm":"x","method":"tempo","intent":"charge","request":${request}},"payload":{}}`
  )

/** Credentials that are costly to write as a header, or to read from one. */
const credentials: ReadonlyArray<readonly [what: string, meta: string]> = [
  ["a request of many fields", challenge(`{${list(5_000, (index) => `"f${index}":1`)}}`)],
  ["a request of many levels", challenge(`${'{"a":'.repeat(500)}1${"}".repeat(500)}`)],
  ["a long list", credential(`[${list(30_000, () => "1")}]`)],
  ["blanks", credential(`"${" ".repeat(60_000)}"`)],
  ["quotes", credential(`"${'\\"'.repeat(30_000)}"`)]
]

/** Posts a message, and requires an answer at once that has cost nothing and left nothing behind. */
const answers = async (message: string, headers: Record<string, string> = {}) => {
  const before = await footprint()
  const { response } = await attack(() => postJson("/mcp", message, headers))
  const text = await response.text()
  assert.include([200, 400, 413], response.status, text.slice(0, 500))
  assert.match(text, /"error":|"isError":true/)
  assert.isBelow(text.length, 10_000)
  assert.deepStrictEqual(await footprint(), before)
}

describe("POST /mcp", () => {
  for (const [what, value] of costly) {
    it(`answers at once to ${what} as files`, () => answers(call("deploy", `{"files":${value}}`)))
    it(`answers at once to ${what} as an input`, () =>
      answers(call("execute", `{"code":"export const run = 1","input":${value}}`)))
    it(`answers at once to ${what} in _meta`, () => answers(call("deploy", source, value)))
  }
  for (const [what, meta] of credentials) {
    it(`answers at once to a credential of ${what}`, () => answers(call("deploy", source, meta)))
  }
  it("answers at once to a header that names no tool", () =>
    answers(call("deploy", source, '{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}'), {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": `=?base64?${"=".repeat(60_000)}?=`
    }))
})
