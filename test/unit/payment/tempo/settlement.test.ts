import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { Receipt } from "mppx"
import type { Network, RpcReceipt } from "../../../../src/payment/tempo/chain/networks.ts"
import { makeSettlement, receiptOf } from "../../../../src/payment/tempo/settle.ts"

const deadline = 1_000_000
const authorization = {
  reference: `0x${"a".repeat(64)}`,
  transaction: "0x76",
  validBefore: deadline,
  challengeId: "challenge"
}
const receipt = (changes: Partial<RpcReceipt> = {}): RpcReceipt => ({
  status: "0x1",
  transactionHash: `0x${"A".repeat(64)}`,
  blockNumber: "0x1",
  ...changes
})

/** A chain that gives no answers except the test's. */
const network = (answers: Partial<Network>): Network => ({
  chainId: 1337,
  simulate: () => Promise.reject(new Error("silent")),
  nextNonce: () => Promise.reject(new Error("silent")),
  broadcast: () => Promise.reject(new Error("silent")),
  view: () => Promise.reject(new Error("silent")),
  baseFee: () => Promise.reject(new Error("silent")),
  receipt: () => Promise.reject(new Error("silent")),
  clock: () => Promise.reject(new Error("silent")),
  batched: () => network(answers),
  ...answers
})
const resolves =
  <A>(value: A) =>
  () =>
    Promise.resolve(value)

/** Runs an effect that asks the chain repeatedly, until it gives up. */
const untilItEnds = Effect.fn(function* <A, E>(self: Effect.Effect<A, E>) {
  const fiber = yield* Effect.forkChild(self)
  yield* TestClock.adjust("1 minute")
  return yield* Fiber.join(fiber)
})

const found: Record<string, readonly [answers: Partial<Network>, found: string]> = {
  "a receipt with success": [{ receipt: resolves(receipt()), clock: resolves(deadline) }, "landed"],
  "a receipt, and no clock": [{ receipt: resolves(receipt()) }, "landed"],
  "a receipt with failure": [{ receipt: resolves(receipt({ status: "0x0" })), clock: resolves(deadline) }, "reverted"],
  "a receipt of no block yet": [
    { receipt: resolves(receipt({ blockNumber: null })), clock: resolves(deadline) },
    "unknown"
  ],
  "a receipt of a status that is neither": [
    { receipt: resolves(receipt({ status: "0x2" })), clock: resolves(deadline) },
    "unknown"
  ],
  "a receipt of something else": [
    { receipt: resolves(receipt({ transactionHash: `0x${"b".repeat(64)}` })), clock: resolves(deadline + 99) },
    "unknown"
  ],
  "a failure of something else": [
    {
      receipt: resolves(receipt({ status: "0x0", transactionHash: `0x${"b".repeat(64)}` })),
      clock: resolves(deadline + 99)
    },
    "unknown"
  ],
  "no receipt, before the deadline": [{ receipt: resolves(null), clock: resolves(deadline - 1) }, "unknown"],
  "no receipt, just past the deadline": [{ receipt: resolves(null), clock: resolves(deadline + 10) }, "unknown"],
  "no receipt, well past the deadline": [{ receipt: resolves(null), clock: resolves(deadline + 11) }, "absent"],
  "no receipt, and no clock": [{ receipt: resolves(null) }, "unknown"],
  "a clock past the deadline, and no answer about a receipt": [{ clock: resolves(deadline + 99) }, "unknown"],
  "no answer at all": [{}, "unknown"],
  "no answer ever": [{ clock: () => new Promise(() => {}), receipt: () => new Promise(() => {}) }, "unknown"]
}

describe("find", () => {
  for (const [name, [answers, expected]] of Object.entries(found)) {
    it.effect(`${name}: ${expected}`, () =>
      Effect.gen(function* () {
        const { find } = makeSettlement(network(answers))
        assert.strictEqual(yield* untilItEnds(find(authorization)), expected)
      })
    )
  }

  it.effect("does not miss a payment that lands while it asks", () =>
    Effect.gen(function* () {
      let landed = false
      const late = network({
        clock: () => ((landed = true), Promise.resolve(deadline + 99)),
        receipt: () => Promise.resolve(landed ? receipt() : null)
      })
      assert.strictEqual(yield* untilItEnds(makeSettlement(late).find(authorization)), "landed")
    })
  )

  it.effect("asks again while the status is unknown", () =>
    Effect.gen(function* () {
      let asked = 0
      const slow = network({
        clock: resolves(deadline - 20),
        receipt: () => Promise.resolve(++asked < 4 ? null : receipt())
      })
      assert.strictEqual(yield* untilItEnds(makeSettlement(slow).find(authorization)), "landed")
    })
  )
})

const captured: Record<string, readonly [answers: Partial<Network>, tag: string]> = {
  "confirmed by the broadcast": [{ broadcast: resolves(receipt()) }, "landed"],
  "refused, and yet there": [{ receipt: resolves(receipt()) }, "landed"],
  "confirmed as something else": [{ broadcast: resolves(receipt({ transactionHash: "0x1" })) }, "CaptureUncertain"],
  "accepted, and in no block yet": [
    { broadcast: resolves(receipt({ blockNumber: null })), receipt: resolves(receipt()) },
    "landed"
  ],
  reverted: [
    { broadcast: resolves(receipt({ status: "0x0" })), receipt: resolves(receipt({ status: "0x0" })) },
    "CaptureFailed"
  ],
  "reverted, and the chain cannot be asked": [{ broadcast: resolves(receipt({ status: "0x0" })) }, "CaptureUncertain"],
  "refused before the deadline": [{ receipt: resolves(null), clock: resolves(deadline - 5) }, "CaptureUncertain"],
  "refused long after it": [{ receipt: resolves(null), clock: resolves(deadline + 99) }, "CaptureFailed"],
  "not answered": [{}, "CaptureUncertain"]
}

describe("capture", () => {
  for (const [name, [answers, expected]] of Object.entries(captured)) {
    it.effect(`${name}: ${expected}`, () =>
      Effect.gen(function* () {
        const { capture } = makeSettlement(network(answers))
        const outcome = yield* untilItEnds(Effect.result(capture(authorization)))
        assert.strictEqual(outcome._tag === "Success" ? "landed" : outcome.failure._tag, expected)
      })
    )
  }
})

describe("a receipt", () => {
  it("is dated now, or by the payment's deadline", () => {
    const { header, reference } = receiptOf(authorization)
    assert.deepStrictEqual(Receipt.deserialize(header), {
      method: "tempo",
      status: "success",
      timestamp: new Date(deadline * 1000).toISOString(),
      reference
    })
    const before = Date.now()
    const fresh = Receipt.deserialize(receiptOf({ reference, validBefore: before / 1000 + 60 }).header)
    assert.isAtLeast(Date.parse(fresh.timestamp), before)
    assert.isAtMost(Date.parse(fresh.timestamp), Date.now())
  })
})
