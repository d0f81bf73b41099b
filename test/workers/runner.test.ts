import { env } from "cloudflare:workers"
import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { CodeRunner, StartFailed } from "../../src/sandbox/CodeRunner.ts"
import { layerLoader } from "../../src/sandbox/layers.ts"

const upload = (code: string) => ({ main: "worker.js", code, compatibilityFlags: [] })

/** The runner on the platform's own loader, as in production. */
const using = <A, E>(work: (runner: CodeRunner["Service"]) => Effect.Effect<A, E>): Promise<A> => {
  const loader = env.LOADER
  if (loader === undefined) throw new Error("wrangler.jsonc binds no LOADER")
  return Effect.runPromise(Effect.flatMap(CodeRunner, work).pipe(Effect.provide(layerLoader(loader))))
}

const run = (code: string, input: unknown = null) =>
  using((runner) => runner.run(upload(code), input === null ? null : JSON.stringify(input)))

const check = (code: string, purpose: "serve" | "run") =>
  using((runner) =>
    Effect.flip(runner.check(upload(code), purpose)).pipe(Effect.orElseSucceed(() => "starts" as const))
  )

describe("the runner on a Worker Loader", () => {
  it("calls run, or the default function, with the input", async () => {
    const ran = await run("export const run = async ({ a }) => ({ a, typed: typeof a })", { a: "é" })
    assert.deepStrictEqual(ran.ok && JSON.parse(ran.result), { a: "é", typed: "string" })
    const other = await run("export default (...all) => all.length + (all[0] ?? 0)")
    assert.deepStrictEqual(other.ok && other.result, "1")
  })

  it("returns the thrown error, without the gateway's own lines in the stack", async () => {
    const ran = await run("export const run = () => { throw new RangeError('out') }")
    if (ran.ok) return assert.fail("it threw")
    assert.deepStrictEqual([ran.error.name, ran.error.message], ["RangeError", "out"])
    assert.include(ran.error.stack ?? "", "worker.js")
    assert.notInclude(ran.error.stack ?? "", "harness")
  })

  it("cuts long errors, and survives errors that cannot be read", async () => {
    const long = await run("export const run = () => { throw new Error('x'.repeat(1e6)) }")
    assert.isTrue(!long.ok && long.error.message.length === 2000)
    const nasty = await run(
      "export const run = () => { throw { get name() { throw 1 }, get message() { throw 2 }, get stack() { throw 3 } } }"
    )
    assert.isTrue(!nasty.ok && nasty.error.name === "Error")
  })

  for (const [bytes, fits] of [
    [1_048_576, true],
    [1_048_577, false]
  ] as const) {
    it(`answers ${fits} for a result of ${bytes} bytes`, async () => {
      // The text has two quotes around characters of two bytes each, and one more to make it odd.
      const odd = bytes % 2 === 0 ? "" : "x"
      const ran = await run(`export const run = () => 'é'.repeat(${(bytes - 2 - odd.length) / 2}) + '${odd}'`)
      assert.strictEqual(ran.ok, fits)
      assert.strictEqual(ran.ok ? ran.result.length > 500_000 : ran.error.name, fits || "ResultTooLarge")
    })
  }

  it("returns the result although the code replaces the runtime's own functions", async () => {
    for (const replaced of [
      "globalThis.Response = class { constructor() { return new Response_('r{') } }",
      "JSON.stringify = () => 'undefined'; JSON.parse = () => 5; Array.isArray = () => true; Object.keys = () => []",
      "globalThis.Response = undefined; Request.prototype.text = undefined; delete globalThis.Map",
      "Object.defineProperty(Object.prototype, 'then', { get() { if (this instanceof Response_) return (go) => go(new Response_('r{')) } })",
      "for (const name of ['slice', 'charCodeAt', 'toString']) String.prototype[name] = () => 'replaced'",
      "Function.prototype.call = Function.prototype.apply = Function.prototype.bind = undefined",
      "Promise.prototype.then = () => {}; Error.prepareStackTrace = () => { throw 1 }"
    ]) {
      const ran = await run(
        `const Response_ = Response; ${replaced}; export const run = (it) => [it, { n: null }]`,
        "in"
      )
      assert.deepStrictEqual(ran.ok && ran.result, '["in",{"n":null}]', replaced)
    }
  })

  for (const [what, code] of [
    ["at its start", "throw new Error('internal error; reference = 1'); export const run = 1"],
    ["in its answer", "export const run = () => { throw new Error('Network connection lost.') }"]
  ] as const) {
    it(`treats a runtime failure that the code imitates ${what} as the code's own error`, async () => {
      const ran = await run(code)
      assert.isTrue(!ran.ok && /internal error|connection lost/.test(ran.error.message), JSON.stringify(ran))
    })
  }

  it("returns an error's message however long its name is", async () => {
    const ran = await run("export const run = () => { throw { name: 'n'.repeat(2e6), message: 'said' } }")
    assert.deepStrictEqual(!ran.ok && [ran.error.name.length, ran.error.message], [200, "said"])
  })

  it("shares nothing between two calls of the same code", async () => {
    const code = "let n = 0; export const run = () => [++n, globalThis.left ?? null, globalThis.left = 1].slice(0, 2)"
    for (const ran of [await run(code), await run(code)]) assert.deepStrictEqual(ran.ok && ran.result, "[1,null]")
  })

  for (const [what, code, purpose, expected] of [
    ["a fetch handler", "export default { fetch() {} }", "serve", "starts"],
    ["a function run", "export function run() {}", "run", "starts"],
    ["a default function", "export default async () => 1", "run", "starts"],
    ["an app to be run", "export default { fetch() {} }", "run", /neither a function run/],
    ["a class to be run", "export default class {}", "run", /class cannot be called/],
    ["a function to serve", "export default () => 1", "serve", /is a function/],
    ["an error at the top", "throw new Error('boom'); export const run = 1", "run", /boom/],
    ["a missing import", "import 'node:nowhere'; export const run = () => 1", "run", /node:nowhere/]
  ] as const) {
    it(`starts ${what} for its purpose: ${expected}`, async () => {
      const found = await check(code, purpose)
      if (typeof expected === "string") return assert.strictEqual(found, expected)
      assert.isTrue(
        found instanceof StartFailed && found.certain && expected.test(found.message),
        JSON.stringify(found)
      )
    })
  }

  it("cuts the message of code that fails to start", async () => {
    const found = await check("throw new Error('x'.repeat(10000)); export const run = 1", "run")
    assert.isTrue(found instanceof StartFailed && found.message.length <= 200)
  })
})
