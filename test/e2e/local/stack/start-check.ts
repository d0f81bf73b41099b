import { assert, it } from "vitest"
import { type Stack } from "../../../../src/local/stack.ts"
import { answering } from "../support.ts"

/** The tests of the start check, through the gateway's RUNNER binding. */
export const testStartCheck = (stack: () => Stack): void => {
  const gateway = (path: string, init?: RequestInit) => fetch(stack().info.gateway + path, init)
  const check = async (code: string) => {
    const bundle = {
      mainModule: "a.js",
      compatibilityDate: "2026-07-01",
      compatibilityFlags: [],
      modules: { "a.js": code }
    }
    return (await gateway("/check", { method: "POST", body: JSON.stringify(bundle) })).text()
  }
  const entrypoint =
    'import { WorkerEntrypoint } from "cloudflare:workers"; export default class extends WorkerEntrypoint'

  for (const [what, code] of [
    ["an object with a fetch handler", answering("return new Response()")],
    ["an instance whose class has one", "class A { fetch() {} }; export default new A()"],
    ["a WorkerEntrypoint class", `${entrypoint} { fetch() {} }`]
  ] as const)
    it(`accepts ${what}`, async () => {
      assert.strictEqual(await check(code), '{"ok":true}')
    })

  for (const [what, code, message] of [
    ["what throws, in the runtime's words", "throw new Error('boom')", "Uncaught Error: boom"],
    ["a syntax error", "export default {", "SyntaxError"],
    ["a module that is not there", "import './nope.js'", 'No such module \\"nope.js\\"'],
    ["a fetch at start", `await fetch("http://127.0.0.1"); ${answering("")}`, "global scope"],
    ["no default export", "const a = 1", "no default export"],
    ["an export that is no handler", `export const a = 1; ${answering("")}`, "map entry 'a'"],
    ["an object without a fetch handler", "export default {}", "no fetch handler"],
    ["a function", "export default () => new Response()", "is a function"],
    ["a class without a fetch method", `${entrypoint} { hello() {} }`, "no fetch method"],
    ["null, in the runtime's words", "export default null", "undefined or null value"]
  ] as const)
    it(`refuses ${what}`, async () => {
      const answer = await check(code)
      assert.include(answer, '"ok":false')
      assert.match(answer, new RegExp(message.replaceAll("\\", "\\\\")))
    })
}
