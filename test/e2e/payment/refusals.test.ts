import * as Effect from "effect/Effect"
import type { Hex } from "viem"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { chain, run, startPayments, stopPayments, terms, transactionOf } from "./payer.ts"
import { keyRows } from "./key-rows.ts"
import { rows } from "./rows.ts"

// A simulation does not check everything that the chain does. Each row changes one thing about a good payment and signs it
// again. "Authorize accepts" and "the broadcast lands" must agree, or the gateway would do work that is never paid.

beforeAll(startPayments)
afterAll(stopPayments)

/** Sends a transaction unchanged, and tells whether it landed in a block within two seconds. */
const lands = async (transaction: Hex): Promise<boolean> => {
  const sent = chain.direct({ method: "eth_sendRawTransactionSync", params: [transaction] }) as Promise<{
    readonly result?: { readonly status?: string }
  }>
  const answer = await Promise.race([sent, new Promise<undefined>((resolve) => setTimeout(resolve, 2_000))])
  return answer?.result?.status === "0x1"
}

describe("authorize and the chain agree on a payment that", () => {
  for (const [what, { make, message, lenient }] of Object.entries({ ...rows, ...keyRows })) {
    it(what, async () => {
      const credential = await make()
      const { requests } = chain.state
      const outcome = await run((payments) =>
        Effect.result(Effect.flatMap(payments.verify(credential, terms), (it) => payments.authorize(it, terms)))
      )
      assert.isAtMost(chain.state.requests - requests, 10, "so many questions")
      if (outcome._tag === "Success") {
        assert.isTrue(await lands(outcome.success.transaction as Hex), "authorized, and does not land")
        return assert.isUndefined(message)
      }
      const { failure } = outcome
      assert.strictEqual(failure._tag, "PaymentRejected", failure.message)
      assert.match(failure.message, message ?? /^$/)
      assert.notMatch(failure.message, /0x[0-9a-f]{8}|revert|selector|undefined/)
      if (lenient !== true) assert.isFalse(await lands(transactionOf(credential)), "refused, and would have landed")
    })
  }
})
