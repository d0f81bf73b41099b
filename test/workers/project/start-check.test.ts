import { env } from "cloudflare:workers"
import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { CodeRunner, type Program } from "../../../src/sandbox/CodeRunner.ts"
import { layerLoader } from "../../../src/sandbox/layers.ts"

/** Starts a site on the platform's own loader. Returns the failure, or "starts". */
const check = (code: string, program: Partial<Program> = {}) => {
  const loader = env.LOADER
  if (loader === undefined) throw new Error("wrangler.jsonc binds no LOADER")
  const upload = { main: "worker.js", code, compatibilityFlags: ["nodejs_compat"], ...program }
  return Effect.runPromise(
    Effect.flatMap(CodeRunner, (runner) => Effect.flip(runner.check(upload, "serve"))).pipe(
      Effect.map((failure) => ({ message: failure.message, ...("hint" in failure && { hint: failure.hint }) })),
      Effect.orElseSucceed(() => "starts" as const),
      Effect.provide(layerLoader(loader))
    )
  )
}

const site = 'export default { fetch: () => new Response("ok") }'
const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString("base64")
const nothing = { bindings: [], classes: [], assets: false }

describe("the start check of a site", () => {
  it("gives the code a stand-in for each binding, its variables and its secrets", async () => {
    const code = `
      import { env } from "cloudflare:workers"
      const { CACHE, DB, FILES, ROOMS, ASSETS, MODE, API_KEY, PROJECT_ID } = env
      for (const binding of [CACHE, DB, FILES, ROOMS, ASSETS]) if (typeof binding !== "object") throw new Error("absent")
      if (MODE !== "test" || API_KEY !== "sk_live" || !PROJECT_ID || process.env.API_KEY !== "sk_live") throw new Error("no text")
      ${site}`
    const bindings = ["CACHE", "DB", "FILES", "ROOMS", "ASSETS"]
    const program = { vars: { MODE: "test" }, secrets: { API_KEY: "sk_live" }, standIns: { ...nothing, bindings } }
    assert.strictEqual(await check(code, program), "starts")
    assert.notStrictEqual(await check(code), "starts")
  })

  it("loads the modules beside the bundle", async () => {
    const wasm = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)
    const code = `
      import wasm from "./lib/x.wasm"
      import text from "./page.html"
      import data from "./raw.bin"
      new WebAssembly.Instance(wasm)
      if (text !== "<p>ü" || data.byteLength !== 3) throw new Error("wrong")
      ${site}`
    const modules = [
      { name: "lib/x.wasm", kind: "wasm" as const, base64: base64(wasm) },
      { name: "page.html", kind: "text" as const, base64: base64("<p>ü") },
      { name: "raw.bin", kind: "data" as const, base64: base64("abc") }
    ]
    assert.strictEqual(await check(code, { modules }), "starts")
    assert.notStrictEqual(await check(code, { modules: modules.slice(1) }), "starts")
  })

  it("starts the code within the host's own modules", async () => {
    const objects = { ...nothing, classes: ["Room"] }
    const assets = { ...nothing, assets: true }
    const both = { ...objects, assets: true }
    const room = `import { DurableObject } from "cloudflare:workers"\nexport class Room extends DurableObject {}\n${site}`
    const entrypoint = `import { WorkerEntrypoint } from "cloudflare:workers"
      export default class extends WorkerEntrypoint { fetch() { return new Response("ok") } }`
    for (const standIns of [nothing, objects, assets, both]) {
      assert.strictEqual(await check(room, { standIns }), "starts")
    }
    assert.strictEqual(await check(entrypoint, { standIns: assets }), "starts")
    const arrow = `export const Room = () => {}\n${site}`
    assert.strictEqual(await check(arrow), "starts")
    assert.match((await messageOf(arrow, objects)) ?? "", /export Room is no class that can be extended/)
    assert.match((await messageOf(arrow, both)) ?? "", /export Room is no class that can be extended/)
    assert.notStrictEqual(await check(site, { standIns: objects }), "starts")
    const frozen = 'export default Object.freeze({ fetch: () => new Response("ok") })'
    assert.strictEqual(await check(frozen), "starts")
    assert.match((await messageOf(frozen, assets)) ?? "", /default export is frozen/)
  })

  it("shows no secret, whatever the code throws", async () => {
    const secrets = { API_KEY: "sk_live_canary" }
    const throwing = (what: string) => `import { env } from "cloudflare:workers"\n${what}\n${site}`
    const shown = await check(throwing('throw new Error("bad key " + btoa(env.API_KEY))'), { secrets })
    assert.deepInclude(shown as object, { message: `bad key ${btoa("x".repeat(14))}` })
    const depends = throwing('if (env.API_KEY.startsWith("sk_")) throw new Error("bad key " + env.API_KEY)')
    const withheld = await check(depends, { secrets })
    assert.match((withheld as { message: string }).message, /does not start with these values of env/)
    assert.notInclude(JSON.stringify(withheld), "canary")
    const demands = throwing('if (!env.API_KEY.startsWith("sk_")) throw new Error("no key")')
    assert.strictEqual(await check(demands, { secrets }), "starts")
  })
})

const messageOf = async (code: string, standIns: Program["standIns"]) => {
  const failure = await check(code, standIns === undefined ? {} : { standIns })
  return failure === "starts" ? undefined : failure.message
}
