import * as Layer from "effect/Layer"
import type { BuildFailure, Purchase } from "./Purchase.ts"
import { isUndelivered, keepsPayload, type Payload, PurchaseStore } from "./PurchaseStore.ts"

/** Makes a store in memory, which ends with the process. */
export const makePurchaseStoreMemory = (): PurchaseStore["Service"] => {
  const purchases = new Map<string, Purchase>()
  const payloads = new Map<string, Payload>()
  const keys = new Map<string, string>()
  const challenges = new Map<string, string>()
  let failure: BuildFailure | undefined
  const bound = (id: string | undefined) => {
    const purchase = purchases.get(id ?? "")
    return purchase?.state === "failed" ? undefined : purchase
  }
  const bindKeys = (key: string, challengeId: string, id: string) => {
    if (bound(keys.get(key)) === undefined) keys.set(key, id)
    if (bound(challenges.get(challengeId)) === undefined) challenges.set(challengeId, id)
  }
  const save = (purchase: Purchase) => {
    purchases.set(purchase.id, purchase)
    if (!keepsPayload(purchase)) payloads.delete(purchase.id)
  }
  return PurchaseStore.of({
    inFlight: new Map(),
    inFlightUpdates: new Map(),
    byKey: (key) => bound(keys.get(key)),
    byChallenge: (challengeId) => bound(challenges.get(challengeId)),
    byId: (id) => purchases.get(id),
    findUndelivered: () => [...purchases.values()].find(isUndelivered),
    findDue: (now) => [...purchases.values()].filter(({ due }) => due !== null && due <= now),
    save,
    create: (purchase, value) => {
      payloads.set(purchase.id, value)
      save(purchase)
      bindKeys(purchase.key, purchase.challengeId, purchase.id)
    },
    saveWithPayload: (purchase, value) => {
      payloads.set(purchase.id, value)
      save(purchase)
    },
    delete: (id) => {
      purchases.delete(id)
      payloads.delete(id)
      for (const bindings of [keys, challenges]) {
        for (const [name, purchase] of bindings) if (purchase === id) bindings.delete(name)
      }
      if ([...purchases.values()].some(({ state }) => state !== "failed")) return
      for (const rows of [purchases, payloads, keys, challenges]) rows.clear()
      failure = undefined
    },
    payload: (id) => payloads.get(id),
    bindKeys,
    buildFailure: () => failure,
    saveBuildFailure: (value) => void (failure = value),
    clearBuildFailure: () => void (failure = undefined)
  })
}

/** Provides such a store. */
export const layerPurchaseStoreMemory = Layer.sync(PurchaseStore, makePurchaseStoreMemory)
