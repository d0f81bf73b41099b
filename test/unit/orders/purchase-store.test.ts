import * as Effect from "effect/Effect"
import { describe, it } from "@effect/vitest"
import { Ledger } from "../../../src/orders/purchase/PurchaseStore.ts"
import { ledgerContract } from "../../support/purchase-store-contract.ts"

describe("Ledger.layerMemory", () => {
  for (const [name, check] of Object.entries(ledgerContract)) {
    it.effect(name, () => Effect.map(Ledger, check).pipe(Effect.provide(Ledger.layerMemory)))
  }
})
