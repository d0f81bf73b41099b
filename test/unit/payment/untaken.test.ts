import { assert, describe, it } from "vitest"
import { PaymentRejected } from "../../../src/payment/PaymentService.ts"
import { makeGateway, problem } from "../../support/gateway.ts"

describe("a token that the service offers and cannot take", () => {
  it("is named by /health from the first refused payment on, which does not count against its payer", async () => {
    const gateway = makeGateway()
    const health = async () => (await (await gateway.send("/health")).json()) as Record<string, unknown>
    assert.notProperty(await health(), "untaken_currencies")
    const untaken = `0x${"20".repeat(20)}`
    const detail = "This service cannot take ThisUSD. Nothing was charged. Answer the challenge of pathUSD."
    // More than the failed attempts that a payer may make in an hour.
    for (let times = 0; times < 40; times++) {
      gateway.payments.authorizations.push(
        new PaymentRejected({ problem: "verification-failed", detail, untaken, payable: ["0xpayable"] })
      )
      const refused = await problem(await gateway.pay())
      assert.deepInclude(refused, { status: 402, charged: false, detail })
    }
    assert.deepStrictEqual((await health())["untaken_currencies"], [untaken])
    assert.strictEqual((await gateway.pay()).status, 200)
    assert.strictEqual(gateway.payments.captured.size, 1)
  })
})
