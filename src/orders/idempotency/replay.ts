import { WrongIdempotencyKey } from "../../domain/Errors.ts"
import { earlierKey, isOwnKey, type Paid } from "../../domain/Order.ts"
import { PaymentRejected } from "../../payment/PaymentService.ts"
import type { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { charged, type Purchase } from "../purchase/Purchase.ts"

/** Finds the purchase bound to a key, including purchases of earlier releases. */
export const purchaseOf = (store: PurchaseStore["Service"], key: string): Purchase | undefined =>
  store.byKey(key) ?? store.byKey(earlierKey(key))

/**
 * Refuses to show an answer to a credential that has paid for `purchase`. Returns `undefined` if the credential may read the
 * answer. It may with the purchase's `Idempotency-Key`, which the client chose or received, and without any key until a caller
 * has received the answer. No refusal asks for money, because the challenge of a 402 is for the same purchase, which is paid.
 */
export const replayed = (
  store: PurchaseStore["Service"],
  purchase: Purchase,
  { verified, idempotencyKey }: Paid
): PaymentRejected | WrongIdempotencyKey | undefined => {
  const standsFor = (key: string) => purchaseOf(store, key)?.id === purchase.id
  // The bearer learns only what the credential holds.
  const key = standsFor(verified.key) ? verified.key : purchase.key
  if (idempotencyKey === undefined) return purchase.answered ? unkeyed(key) : undefined
  if (!standsFor(idempotencyKey.key)) {
    return new WrongIdempotencyKey({
      detail:
        "This credential has paid under another Idempotency-Key. Repeat the call with that one at no cost. To buy another, " +
        "send the request without a credential, and pay the challenge that it is answered with.",
      charged: charged(purchase.state),
      ...(!isOwnKey(key) && { retry: { idempotency_key: key } })
    })
  }
  // The hash of a client's key proves nothing, because the challenge and so the credential hold it.
  return idempotencyKey.readable && isOwnKey(idempotencyKey.key) ? unkeyed(idempotencyKey.key) : undefined
}

const unkeyed = (key: string): PaymentRejected => {
  const again = isOwnKey(key) ? "the Idempotency-Key that it was bought with" : `"Idempotency-Key: ${key}"`
  const detail =
    `This challenge has been used. To read its answer again at no cost, repeat the call with ${again}, ` +
    "or answer the fresh challenge of this response: it belongs to the same purchase and takes no money."
  return new PaymentRejected({ problem: "invalid-challenge", detail, key })
}
