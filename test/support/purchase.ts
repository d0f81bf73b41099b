import type { Purchase, PurchaseRow } from "../../src/orders/purchase/Purchase.ts"

/** Makes a purchase in its first state, with the changes in `over`. */
export const purchase = (over: Partial<PurchaseRow> = {}): Purchase => {
  const row: PurchaseRow = {
    id: "dep_a",
    operation: "deploy",
    key: "key_a",
    challengeId: "challenge_a",
    payer: "0xpayer",
    state: "capturing",
    authorization: { reference: "0xref", transaction: "0xtx", validBefore: 25, challengeId: "challenge_a" },
    slug: "app",
    placement: null,
    receipt: null,
    answer: null,
    answered: false,
    failure: null,
    update: null,
    updatedAt: null,
    attempts: 0,
    due: 1000,
    createdAt: 0,
    ...over
  }
  // Every row decodes as a purchase.
  return row as Purchase
}

/** The payload of a purchase, larger than one row of storage. */
export const upload = {
  main: "worker.js",
  code: `export default {} // ${"ü".repeat(1_200_000)}`,
  compatibilityFlags: []
}

/** Sets fields of a purchase that no transition sets so, for example the time. */
export const edited = (purchase: Purchase, over: Partial<PurchaseRow>): Purchase =>
  ({ ...purchase, ...over }) as Purchase
