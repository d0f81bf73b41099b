import * as Effect from "effect/Effect"
import { describe, it } from "@effect/vitest"
import { PurchaseStore } from "../../../src/orders/purchase/PurchaseStore.ts"
import { purchaseStoreContract } from "../../support/contracts/purchase-store.ts"
import { layerPurchaseStoreMemory } from "../../../src/orders/purchase/testing.ts"

describe("layerPurchaseStoreMemory", () => {
  for (const [name, check] of Object.entries(purchaseStoreContract)) {
    it.effect(name, () => Effect.map(PurchaseStore, check).pipe(Effect.provide(layerPurchaseStoreMemory)))
  }
})
