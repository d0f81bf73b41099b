import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { ExpiryStore } from "../../../src/expiry/ExpiryStore.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { helloBody, makeGateway, problem } from "../../support/gateway.ts"
import { layerExpiryStoreKv } from "../../../src/expiry/kv.ts"

describe("a binding that the platform removed", () => {
  for (const name of ["ORDERS", "CLAIMS", "PAYERS"]) {
    it(`is named by /health, and stops all sales: ${name}`, async () => {
      const gateway = makeGateway({ bindings: { [name]: undefined } })
      const health = (await (await gateway.send("/health")).json()) as Record<string, unknown>
      assert.deepInclude(health, { status: "not_configured", configured: false, missing: [name] })
      for (const headers of [{}, { authorization: testCredential("Payment a=b", "0xpayer") }]) {
        const refused = await gateway.post(helloBody, headers)
        assert.isNull(refused.headers.get("www-authenticate"))
        const { status, code, missing } = await problem(refused)
        assert.deepStrictEqual([status, code, missing], [503, "not_configured", [name]])
      }
      assert.strictEqual(gateway.payments.calls.challenge, 0)
    })
  }

  it("is named in the answer to a status request: ORDERS", async () => {
    const gateway = makeGateway({ bindings: { ORDERS: undefined } })
    const { status, missing } = await problem(await gateway.send(`/deployments/dep_${"0".repeat(40)}`))
    assert.deepStrictEqual([status, missing], [503, ["ORDERS"]])
  })

  it("is named in the answer to a sweep: CLAIMS", async () => {
    const gateway = makeGateway({ bindings: { CLAIMS: undefined }, cronSecret: "secret" })
    const { status, missing } = await problem(await gateway.send("/__scheduled", { method: "POST" }))
    assert.deepStrictEqual([status, missing], [503, ["CLAIMS"]])
  })

  it("delays no deploy: EXPIRY", async () => {
    const record = { projectId: "p", deploymentId: "dep_x", url: "https://x", expiresAt: 1 }
    const put = Effect.flatMap(ExpiryStore, (store) => store.put(record)).pipe(
      Effect.provide(layerExpiryStoreKv(undefined))
    )
    const failure = await Effect.runPromise(Effect.flip(put))
    assert.strictEqual(failure._tag, "ExpiryStoreUnavailable")
    assert.match(failure.message, /EXPIRY is missing/)
    const gateway = makeGateway()
    gateway.expiry.available = false
    assert.strictEqual((await gateway.pay()).status, 200)
  })
})
