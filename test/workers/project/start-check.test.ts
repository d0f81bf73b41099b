import { env } from "cloudflare:workers"
import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { CodeRunner, type Program } from "../../../src/sandbox/CodeRunner.ts"
import { layerLoader } from "../../../src/sandbox/layers.ts"
import { PROBED, PROBES, probing } from "../../support/start-values.ts"

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
const nothing = { bindings: {}, classes: [], assets: false }

describe("the start check of a site", () => {
  it("gives the code its variables, and no secret", async () => {
    const code = `
      import { env } from "cloudflare:workers"
      if (env.MODE !== "test" || process.env.MODE !== "test" || !env.PROJECT_ID) throw new Error("no text")
      if (Object.keys(env).sort().join() !== "MODE,PROJECT_ID") throw new Error("more: " + Object.keys(env))
      ${site}`
    assert.strictEqual(await check(code, { vars: { MODE: "test" } }), "starts")
    assert.notStrictEqual(await check(code), "starts")
  })

  it("gives the code stand-ins that do what the host's bindings do at a start", async () => {
    const wanted = JSON.stringify(PROBES.map(([, outcome]) => outcome))
    const code = probing(`
      const wanted = ${wanted}
      const wrong = outcomes.findIndex((outcome, index) => outcome !== wanted[index])
      if (wrong >= 0) throw new Error("probe " + wrong + ": " + outcomes[wrong])
      ${site}`)
    assert.strictEqual(await check(code, { standIns: { ...nothing, bindings: PROBED } }), "starts")
    assert.strictEqual(await check(code, { standIns: { bindings: PROBED, classes: ["Room"], assets: true } }), "starts")
    assert.notStrictEqual(await check(code), "starts")
  })

  it("starts code with bindings whatever its flags say about them", async () => {
    for (const flag of ["disallow_importable_env", "nodejs_compat_do_not_populate_process_env"]) {
      const compatibilityFlags = ["nodejs_compat", flag]
      assert.strictEqual(
        await check(site, { compatibilityFlags, standIns: { ...nothing, bindings: PROBED } }),
        "starts"
      )
    }
  })

  it("explains the use of a binding that needs I/O", async () => {
    const standIns = { ...nothing, bindings: { DB: "d1" as const } }
    const using = (expression: string) =>
      `import { env } from "cloudflare:workers"\nconst found = ${expression}\n${site}`
    for (const expression of ['env.DB.prepare("SELECT 1")', 'env.DB.exec("CREATE TABLE t (a)").catch(() => {})'])
      assert.strictEqual(await check(using(expression), { standIns }), "starts")
    const failure = await check(using('await env.DB.prepare("SELECT 1").all()'), { standIns })
    assert.match((failure as { message: string }).message, /uses fetch or other I\/O.* while it starts/)
  })

  it("starts code of early compatibility dates", async () => {
    // Until 2022-01-31 the platform's objects have their accessors themselves, and not from their prototype.
    for (const compatibilityDate of ["2021-11-02", "2022-01-30", "2022-01-31"])
      assert.strictEqual(await check(site, { compatibilityDate, compatibilityFlags: [] }), "starts")
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
})

const messageOf = async (code: string, standIns: Program["standIns"]) => {
  const failure = await check(code, standIns === undefined ? {} : { standIns })
  return failure === "starts" ? undefined : failure.message
}
