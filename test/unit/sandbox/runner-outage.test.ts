import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { assert, describe, it } from "vitest"
import { CodeRunner } from "../../../src/sandbox/CodeRunner.ts"
import type { WorkerLoader } from "../../../src/sandbox/worker/loader.ts"
import { makeGateway, problem } from "../../support/gateway.ts"
import { layerLoader } from "../../../src/sandbox/layers.ts"

/** A Worker Loader that takes no isolate while it is full, with an unforeseen error message. */
const makeLoader = () => {
  const state = { full: false }
  const fetch = (request: Request) =>
    state.full
      ? Promise.reject(new Error("Too many dynamic Workers: try again later."))
      : Promise.resolve(new Response(request.method === "POST" ? "r42" : "k"))
  return { state, loader: { get: () => ({ getEntrypoint: () => ({ fetch }) }) } as unknown as WorkerLoader }
}

const runnerOn = (loader: WorkerLoader) =>
  Effect.runPromise(
    Effect.map(Effect.scoped(Layer.build(layerLoader(loader))), (built) => Context.get(built, CodeRunner))
  )

const body = JSON.stringify({ code: "export const run = () => 42" })

describe("a loader that fails every call", () => {
  it("delays a paid run, and does not report a result", async () => {
    const { state, loader } = makeLoader()
    const { check, run } = await runnerOn(loader)
    const fills = Effect.sync(() => void (state.full = true))
    const gateway = makeGateway({ check: (...args) => Effect.tap(check(...args), () => fills), run })
    const headers = { "idempotency-key": "k" }
    const failed = await problem(await gateway.pay({ body, path: "/execute", headers }))
    assert.deepStrictEqual([failed.code, failed.charged], ["execute_failed", true])
    state.full = false
    const again = await gateway.pay({ body, path: "/execute", headers })
    assert.strictEqual(((await again.json()) as { result: number }).result, 42)
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("is not the code's fault before the payment", async () => {
    const { state, loader } = makeLoader()
    const gateway = makeGateway(await runnerOn(loader))
    state.full = true
    const refused = await problem(await gateway.pay({ body, path: "/execute" }))
    assert.deepStrictEqual([refused.code, refused.charged], ["busy", false])
    state.full = false
    assert.strictEqual((await gateway.pay({ body, path: "/execute" })).status, 200)
  })
})
