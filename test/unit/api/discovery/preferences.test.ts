import { assert, describe, it } from "vitest"
import { makeGateway, problem } from "../../../support/gateway.ts"

describe("the gateway for browsers", () => {
  it("allows the headers of a paying client in a preflight", async () => {
    const response = await makeGateway().send("/deploy", {
      method: "OPTIONS",
      headers: {
        origin: "https://agent.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,idempotency-key,accept-payment"
      }
    })
    assert.strictEqual(response.status, 204)
    assert.strictEqual(response.headers.get("access-control-allow-origin"), "*")
    assert.include(response.headers.get("access-control-allow-methods") ?? "", "POST")
    for (const name of ["authorization", "content-type", "idempotency-key", "accept-payment"]) {
      assert.include(response.headers.get("access-control-allow-headers") ?? "", name)
    }
  })

  it("lets any origin read challenge, receipt and waiting time, on success and failure", async () => {
    const gateway = makeGateway()
    const headers = { origin: "https://agent.example" }
    for (const response of [
      await gateway.pay({ headers }),
      await gateway.post(null, headers),
      await gateway.send("/x", { headers })
    ]) {
      assert.strictEqual(response.headers.get("access-control-allow-origin"), "*")
      for (const name of ["www-authenticate", "payment-receipt", "retry-after"]) {
        assert.include(response.headers.get("access-control-expose-headers") ?? "", name)
      }
    }
  })

  it("sends the challenge and a sentence about it to a client that lists only other methods", async () => {
    const gateway = makeGateway()
    const other = await gateway.post(undefined, { "accept-payment": "stripe/charge" })
    assert.strictEqual(other.status, 402)
    assert.match(other.headers.get("www-authenticate") ?? "", /^Payment /)
    assert.match((await problem(other)).detail, /Accept-Payment lists no method of this service: tempo\/charge/)
    const same = await gateway.post(undefined, { "accept-payment": "tempo/charge, stripe/charge;q=0.5" })
    assert.notInclude((await problem(same)).detail, "Accept-Payment")
  })
})
