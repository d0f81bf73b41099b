import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { BundleRejected } from "../../../../src/bundler/Bundler.ts"
import { testCredential } from "../../../../src/payment/testing.ts"
import { deployment, makeGateway, problem } from "../../../support/gateway.ts"

describe("an error that is given again from storage", () => {
  const replayed = (response: Response) => response.headers.get("idempotent-replayed")

  it("says so: a body that does not bundle", async () => {
    const gateway = makeGateway({
      bundle: () => Effect.fail(new BundleRejected({ diagnostics: [{ file: "a", line: 1, column: 1, text: "no" }] }))
    })
    assert.isNull(replayed(await gateway.pay()))
    const again = await gateway.pay()
    assert.deepStrictEqual([again.status, replayed(again)], [422, "true"])
    assert.notProperty(await problem(again), "replayed")
  })

  it("says so: the key of a deployment that its payer has deleted", async () => {
    const gateway = makeGateway()
    const headers = { "idempotency-key": "mine" }
    const path = `/deployments/${(await deployment(await gateway.pay({ headers }))).deployment_id}`
    const challenge = (await gateway.send(path, { method: "DELETE" })).headers.get("www-authenticate") ?? ""
    const deleted = await gateway.send(path, {
      method: "DELETE",
      headers: { authorization: testCredential(challenge, "0xpayer") }
    })
    assert.deepStrictEqual([deleted.status, replayed(deleted)], [200, null])
    const again = await gateway.pay({ headers })
    assert.deepStrictEqual([again.status, replayed(again)], [410, "true"])
    // The status of the deployment, and a renewal of it, are no answers given again.
    assert.isNull(replayed(await gateway.send(path)))
    const renewal = await gateway.send(`${path}/renew`, { method: "POST" })
    assert.deepStrictEqual([renewal.status, replayed(renewal)], [410, null])
  })

  it("says nothing on a failure of this call", async () => {
    const gateway = makeGateway()
    gateway.payments.captures.push("stuck")
    const headers = { "idempotency-key": "mine" }
    for (let call = 0; call < 2; call++) {
      const pending = await gateway.pay({ headers })
      assert.deepStrictEqual([pending.status, replayed(pending)], [503, null])
    }
  })
})
