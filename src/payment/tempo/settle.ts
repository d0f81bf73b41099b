import { Receipt as Receipts } from "mppx"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Hex } from "viem"
import { CaptureFailed, CaptureUncertain } from "../errors.ts"
import type { Authorization, PaymentStatus, Receipt } from "../PaymentService.ts"
import type { Network, RpcReceipt } from "./chain/networks.ts"

/**
 * A missing receipt means that there will be none once the chain's clock is this far past the payment's deadline, in seconds.
 * One address may serve several nodes, and some of them lag. If the gateway took a landed payment for an absent one, the client
 * would have paid for nothing.
 */
const MARGIN_SECONDS = 10

/** How often and for how long `find` asks the chain, until it answers "unknown". */
const POLL_EVERY = "500 millis"
const POLL_TIMEOUT = "5 seconds"

/** Reads a payment's status from its receipt. A receipt without a block, or of another payment, tells no status. */
const statusOf = ({ status, transactionHash, blockNumber }: RpcReceipt, reference: string): PaymentStatus => {
  if (blockNumber === null || transactionHash.toLowerCase() !== reference) return "unknown"
  if (status === "0x1") return "landed"
  return status === "0x0" ? "reverted" : "unknown"
}

/**
 * Makes the receipt of a payment that has landed. Its time is now, or the payment's deadline if that has passed. The protocol
 * lets a method add fields: `currency` is the token that paid.
 */
export const receiptOf = ({
  reference,
  validBefore,
  currency
}: Pick<Authorization, "reference" | "validBefore" | "currency">): Receipt => ({
  reference,
  header: Receipts.serialize({
    method: "tempo",
    status: "success",
    timestamp: new Date(Math.min(Date.now(), validBefore * 1000)).toISOString(),
    reference,
    ...(currency !== undefined && { currency })
  })
})

/**
 * Captures payments, and finds their status.
 *
 * Capture sends the persisted bytes itself and does not use mppx's `broadcastCredential`. That needs an unexpired
 * credential and a replay store, simulates the transfer three times, and reports only the answer to its one attempt.
 * Here, the first attempt and the recovery after a crash are one path, over bytes and a hash that were stored before. The
 * order uses each challenge once, and the chain executes each transaction once.
 */
export const makeSettlement = (network: Network) => {
  const readStatus = Effect.fnUntraced(function* ({
    reference,
    validBefore
  }: Pick<Authorization, "reference" | "validBefore">) {
    // The clock is read first, because a payment could otherwise land between the two reads and count as absent.
    const clock = yield* Effect.tryPromise(() => network.clock()).pipe(Effect.orElseSucceed(() => 0))
    const receipt = yield* Effect.tryPromise(() => network.receipt(reference as Hex))
    if (receipt === null) return clock > validBefore + MARGIN_SECONDS ? "absent" : "unknown"
    return statusOf(receipt, reference)
  })

  const find = (authorization: Pick<Authorization, "reference" | "validBefore">): Effect.Effect<PaymentStatus> =>
    readStatus(authorization).pipe(
      Effect.orElseSucceed((): PaymentStatus => "unknown"),
      Effect.repeat({ until: (found) => found !== "unknown", schedule: Schedule.spaced(POLL_EVERY) }),
      Effect.timeoutOrElse({ duration: POLL_TIMEOUT, orElse: () => Effect.succeed<PaymentStatus>("unknown") })
    )

  const capture = Effect.fnUntraced(function* (authorization: Authorization) {
    const { reference, transaction } = authorization
    // A failure tells nothing about the money, neither by its code nor by its message.
    const landed = yield* Effect.tryPromise(() => network.broadcast(transaction as Hex)).pipe(
      Effect.map((receipt) => statusOf(receipt, reference) === "landed"),
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
            "The chain did not include the payment in time; nothing was charged. Check the account's funds and sign again."
        })
      case "unknown":
        return yield* new CaptureUncertain({
          message: "The payment was sent, and the chain has not confirmed or refused it yet."
        })
    }
  })

  return { capture, find }
}
