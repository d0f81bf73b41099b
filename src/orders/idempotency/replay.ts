import { WrongIdempotencyKey } from "../../domain/Errors.ts"
import { earlierKey, isOwnKey, type PaidRequest } from "../../domain/Order.ts"
import { PaymentRejected } from "../../payment/PaymentService.ts"
import type { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { charged, type Purchase } from "../purchase/Purchase.ts"

/** The purchase that a key stands for, also if an earlier release has made it. */
export const purchaseOf = (store: PurchaseStore["Service"], key: string): Purchase | undefined =>
  store.byKey(key) ?? store.byKey(earlierKey(key))

/**
 * Why a credential that has paid for `purchase` does not read its answer; `undefined` if it does. It does with the
 * `Idempotency-Key` that the purchase stands under, as its client has chosen it or was told it, and without any as long as
 * nobody was told the answer. None of the refusals asks for money: a 402 is for the same purchase, which is paid for.
 */
export const replayed = (
  store: PurchaseStore["Service"],
  purchase: Purchase,
  { verified, idempotencyKey }: PaidRequest
): PaymentRejected | WrongIdempotencyKey | undefined => {
  const standsFor = (key: string) => purchaseOf(store, key)?.id === purchase.id
  // Nothing but what the credential holds itself is told to its bearer.
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
  // The hash of a client's key stands in the challenge, and so in the credential: it proves nothing.
  return idempotencyKey.readable && isOwnKey(idempotencyKey.key) ? unkeyed(idempotencyKey.key) : undefined
}

const unkeyed = (key: string): PaymentRejected => {
  const again = isOwnKey(key) ? "the Idempotency-Key that it was bought with" : `"Idempotency-Key: ${key}"`
  const detail =
    `This challenge has been used. To read its answer again at no cost, repeat the call with ${again}, ` +
    "or answer the fresh challenge of this response: it belongs to the same purchase and takes no money."
  return new PaymentRejected({ problem: "invalid-challenge", detail, key })
}
