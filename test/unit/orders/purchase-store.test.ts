import * as Effect from "effect/Effect"
import { describe, it } from "@effect/vitest"
import { PurchaseStore } from "../../../src/orders/purchase/PurchaseStore.ts"
import { purchaseStoreContract } from "../../support/purchase-store-contract.ts"

describe("Ledger.layerMemory", () => {
  for (const [name, check] of Object.entries(purchaseStoreContract)) {
    it.effect(name, () => Effect.map(PurchaseStore, check).pipe(Effect.provide(PurchaseStore.layerMemory)))
  }
})
