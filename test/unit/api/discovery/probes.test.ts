import { assert, describe, it } from "vitest"
import { makeGateway, problem } from "../../../support/gateway.ts"
import { read, run } from "./support.ts"

describe("a directory that probes the paid operations of the document", () => {
  it("gets a 402 with a challenge at each path as it is written, without a body", async () => {
    const { gateway, document } = await read(undefined, { run })
    const paid = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, operation]) => ("x-payment-info" in operation ? [{ path, method }] : []))
    )
    assert.isAtLeast(paid.length, 3)
    for (const { path, method } of paid)
      for (const written of [path, path.replace("{", "%7B").replace("}", "%7D")]) {
        const response = await gateway.send(written, { method: method.toUpperCase() })
        assert.strictEqual(response.status, 402, written)
        assert.match(response.headers.get("www-authenticate") ?? "", /^Payment /)
        assert.strictEqual(response.headers.get("cache-control"), "no-store")
      }
  })

  it("pays for nothing if it pays to renew the placeholder, and an invented id is refused before that", async () => {
    const gateway = makeGateway()
    const response = await gateway.pay({ path: "/deployments/{deployment_id}/renew", body: "" })
    const { status, charged } = await problem(response)
    assert.deepStrictEqual([status, charged], [404, false])
    assert.strictEqual(gateway.payments.captured.size, 0)
    const invented = await gateway.send("/deployments/dep_invented/renew", { method: "POST" })
    assert.strictEqual(invented.status, 404)
  })
})
