import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { layerCredentialRateLimit, CredentialRateLimit } from "../../../src/api/paid/CredentialRateLimit.ts"
import { makeGateway, problem } from "../../support/gateway.ts"

const from = (client: string) => new Headers({ "cf-connecting-ip": client })

/** A binding that accepts each key once. */
const once = () => {
  const seen = new Set<string>()
  return { limit: async ({ key }: { key: string }) => ({ success: seen.size < seen.add(key).size }) }
}

describe("the limit on verifications", () => {
  it.effect("lets every client pass without a binding", () =>
    Effect.gen(function* () {
      const checkRate = yield* CredentialRateLimit
      yield* checkRate(from("a"))
      yield* checkRate(from("a"))
    }).pipe(Effect.provide(layerCredentialRateLimit(undefined)))
  )

  it.effect("counts each client separately, and says when to retry", () =>
    Effect.gen(function* () {
      const checkRate = yield* CredentialRateLimit
      yield* checkRate(from("a"))
      yield* checkRate(from("b"))
      const busy = yield* Effect.flip(checkRate(from("a")))
      assert.deepStrictEqual([busy.code, busy.charged, busy.retry_after], ["busy", null, 10])
    }).pipe(Effect.provide(layerCredentialRateLimit(once())))
  )

  it("is checked for requests with a credential, before the verification", async () => {
    const gateway = makeGateway({ limit: once() })
    const headers = { "cf-connecting-ip": "192.0.2.1" }
    assert.strictEqual((await gateway.pay({ headers })).status, 200)
    const refused = await gateway.pay({ body: '{"files":{"b.ts":""}}', headers })
    assert.strictEqual((await problem(refused)).code, "busy")
    assert.strictEqual(refused.headers.get("retry-after"), "10")
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it.effect("lets a client pass if its address is unknown or the limiter fails", () =>
    Effect.gen(function* () {
      const checkRate = yield* CredentialRateLimit
      yield* checkRate(new Headers())
      yield* checkRate(new Headers())
      yield* checkRate(from("a"))
    }).pipe(Effect.provide(layerCredentialRateLimit({ limit: () => Promise.reject(new Error("down")) })))
  )
})
