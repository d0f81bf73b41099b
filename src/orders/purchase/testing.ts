import * as Layer from "effect/Layer"
import type { BuildFailure, Purchase } from "./Purchase.ts"
import { isUndelivered, keepsPayload, type Payload, PurchaseStore } from "./PurchaseStore.ts"

/** In memory: gone with the process. */
export const layerPurchaseStoreMemory = Layer.sync(PurchaseStore, () => {
  const purchases = new Map<string, Purchase>()
  const goods = new Map<string, Payload>()
  const keys = new Map<string, string>()
  const challenges = new Map<string, string>()
  let verdict: BuildFailure | undefined
  const standing = (id: string | undefined) => {
    const purchase = purchases.get(id ?? "")
    return purchase?.state === "failed" ? undefined : purchase
  }
  const bindKeys = (key: string, challengeId: string, id: string) => {
    if (standing(keys.get(key)) === undefined) keys.set(key, id)
    if (standing(challenges.get(challengeId)) === undefined) challenges.set(challengeId, id)
  }
  const save = (purchase: Purchase) => {
    purchases.set(purchase.id, purchase)
    if (!keepsPayload(purchase)) goods.delete(purchase.id)
  }
  return PurchaseStore.of({
    inFlight: new Map(),
    inFlightUpdates: new Map(),
    byKey: (key) => standing(keys.get(key)),
    byChallenge: (challengeId) => standing(challenges.get(challengeId)),
    byId: (id) => purchases.get(id),
    findUndelivered: () => [...purchases.values()].find(isUndelivered),
    findDue: (now) => [...purchases.values()].filter(({ due }) => due !== null && due <= now),
    save,
    create: (purchase, value) => {
      goods.set(purchase.id, value)
      save(purchase)
      bindKeys(purchase.key, purchase.challengeId, purchase.id)
    },
    saveWithPayload: (purchase, value) => {
      goods.set(purchase.id, value)
      save(purchase)
    },
    delete: (id) => {
      purchases.delete(id)
      goods.delete(id)
      for (const claims of [keys, challenges]) {
        for (const [name, purchase] of claims) if (purchase === id) claims.delete(name)
      }
      if ([...purchases.values()].some(({ state }) => state !== "failed")) return
      for (const rows of [purchases, goods, keys, challenges]) rows.clear()
      verdict = undefined
    },
    payload: (id) => goods.get(id),
    bindKeys,
    buildFailure: () => verdict,
    saveBuildFailure: (value) => void (verdict = value),
    clearBuildFailure: () => void (verdict = undefined)
  })
})
