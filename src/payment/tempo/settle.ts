import { Receipt as Receipts } from "mppx"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Hex } from "viem"
import { CaptureFailed, CaptureUncertain } from "../errors.ts"
import type { Authorization, PaymentStatus, Receipt } from "../PaymentService.ts"
import type { Network, RpcReceipt } from "./chain/networks.ts"

/**
 * How far past a payment's deadline the chain's clock must be before a missing receipt means that there will be none, in
 * seconds. The blocks say so at once; but behind one address may be nodes that lag, and to take a payment that landed for
 * one that did not would be to keep money for nothing.
 */
const MARGIN_SECONDS = 10

/** How often, and for how long in all, `find` asks before it says that it does not know. */
const ASK_EVERY = "500 millis"
const ASK_FOR = "5 seconds"

/** Reads a payment's outcome from its receipt. A receipt of another, or without a block, says nothing. */
const verdict = ({ status, transactionHash, blockNumber }: RpcReceipt, reference: string): PaymentStatus => {
  if (blockNumber === null || transactionHash.toLowerCase() !== reference) return "unknown"
  if (status === "0x1") return "landed"
  return status === "0x0" ? "reverted" : "unknown"
}

/** The receipt of a payment that has landed; it settled now, or by its deadline at the latest. */
export const receiptOf = ({ reference, validBefore }: Pick<Authorization, "reference" | "validBefore">): Receipt => ({
  reference,
  header: Receipts.serialize({
    method: "tempo",
    status: "success",
    timestamp: new Date(Math.min(Date.now(), validBefore * 1000)).toISOString(),
    reference
  })
})

/**
 * Makes payments, and finds out what became of them.
 *
 * Capture sends the persisted bytes itself, rather than through mppx's `broadcastCredential`. That needs an unexpired
 * credential and a replay store, simulates the transfer three times over, and can only report what its one attempt was
 * told. Here, first attempt and recovery after a crash are one path, over bytes and a hash that were written down before;
 * that each challenge is used once is the order's to say, that each transaction pays once the chain's.
 */
export const makeSettlement = (network: Network) => {
  const look = Effect.fnUntraced(function* ({
    reference,
    validBefore
  }: Pick<Authorization, "reference" | "validBefore">) {
    // The clock is read before the receipt: in the other order, a payment could land between the two and be missed.
    const clock = yield* Effect.tryPromise(() => network.clock()).pipe(Effect.orElseSucceed(() => 0))
    const receipt = yield* Effect.tryPromise(() => network.receipt(reference as Hex))
    if (receipt === null) return clock > validBefore + MARGIN_SECONDS ? "absent" : "unknown"
    return verdict(receipt, reference)
  })

  const find = (authorization: Pick<Authorization, "reference" | "validBefore">): Effect.Effect<PaymentStatus> =>
    look(authorization).pipe(
      Effect.orElseSucceed((): PaymentStatus => "unknown"),
      Effect.repeat({ until: (found) => found !== "unknown", schedule: Schedule.spaced(ASK_EVERY) }),
      Effect.timeoutOrElse({ duration: ASK_FOR, orElse: () => Effect.succeed<PaymentStatus>("unknown") })
    )

  const capture = Effect.fnUntraced(function* (authorization: Authorization) {
    const { reference, transaction } = authorization
    // No failure here says anything about the money: not an error's code, and even less its wording.
    const landed = yield* Effect.tryPromise(() => network.broadcast(transaction as Hex)).pipe(
      Effect.map((receipt) => verdict(receipt, reference) === "landed"),
      Effect.orElseSucceed(() => false)
    )
    const found = landed ? "landed" : yield* find(authorization)
    switch (found) {
      case "landed":
        return receiptOf(authorization)
      case "reverted":
        return yield* new CaptureFailed({
          problem: "verification-failed",
          detail: "The chain reverted the payment; nothing was charged. Check the account's funds and sign again."
        })
      case "absent":
        return yield* new CaptureFailed({
          problem: "payment-expired",
          detail:
            "The chain did not take the payment in time; nothing was charged. Check the account's funds and sign again."
        })
      case "unknown":
        return yield* new CaptureUncertain({
          message: "The payment was sent, and the chain has not said what became of it."
        })
    }
  })

  return { capture, find }
}
