import * as Layer from "effect/Layer"
import { makeProofsMemory } from "../../payers/proofs.ts"
import { makeOutboxMemory } from "../notices/testing.ts"
import { endOfUpdate, isKept, type Kept, type Slot, slotOf } from "./Kept.ts"
import type { BuildFailure, Purchase } from "./Purchase.ts"
import { isUndelivered, keepsPayload, type Payload, PurchaseStore } from "./PurchaseStore.ts"

/** Makes a store in memory, which ends with the process. */
export const makePurchaseStoreMemory = (onNotice: () => void = () => {}): PurchaseStore["Service"] => {
  const purchases = new Map<string, Purchase>()
  const payloads = new Map<string, Payload>()
  const kept = { live: new Map<string, Kept>(), next: new Map<string, Kept>() }
  const keys = new Map<string, string>()
  const challenges = new Map<string, string>()
  const proofs = makeProofsMemory()
  const box = makeOutboxMemory((id) => purchases.get(id), onNotice)
  let failure: BuildFailure | undefined
  const bound = (id: string | undefined) => {
    const purchase = purchases.get(id ?? "")
    return purchase?.state === "failed" ? undefined : purchase
  }
  const bindKeys = (key: string, challengeId: string, id: string) => {
    if (bound(keys.get(key)) === undefined) keys.set(key, id)
    if (bound(challenges.get(challengeId)) === undefined) challenges.set(challengeId, id)
  }
  const add = (id: string, slot: Slot, added: Kept = {}) => {
    const before = kept[slot].get(id)
    kept[slot].set(id, { ...before, ...added, secrets: { ...before?.secrets, ...added.secrets } })
  }
  const save = (purchase: Purchase) => {
    const { id } = purchase
    const end = endOfUpdate(purchases.get(id), purchase)
    purchases.set(id, purchase)
    if (!keepsPayload(purchase)) payloads.delete(id)
    if (end === "taken") add(id, "live", kept.next.get(id))
    if (end !== undefined || !isKept(purchase)) kept.next.delete(id)
    if (!isKept(purchase)) kept.live.delete(id)
    box.write(purchase)
  }
  return PurchaseStore.of({
    inFlight: new Map(),
    inFlightUpdates: new Map(),
    outbox: box.outbox,
    byKey: (key) => bound(keys.get(key)),
    byChallenge: (challengeId) => bound(challenges.get(challengeId)),
    byId: (id) => purchases.get(id),
    findUndelivered: (now) => [...purchases.values()].find((one) => isUndelivered(one, now)),
    findDue: (now) => [...purchases.values()].filter(({ due }) => due !== null && due <= now),
    save,
    create: (purchase, value, added) => {
      if (value !== undefined) payloads.set(purchase.id, value)
      add(purchase.id, slotOf(purchase), added)
      save(purchase)
      bindKeys(purchase.key, purchase.challengeId, purchase.id)
    },
    saveWithPayload: (purchase, value, added) => {
      payloads.set(purchase.id, value)
      add(purchase.id, slotOf(purchase), added)
      save(purchase)
    },
    delete: (id) => {
      purchases.delete(id)
      payloads.delete(id)
      kept.live.delete(id)
      kept.next.delete(id)
      const pending = box.hasOthers(id)
      box.delete(id)
      for (const bindings of [keys, challenges]) {
        for (const [name, purchase] of bindings) if (purchase === id) bindings.delete(name)
      }
      if (pending || [...purchases.values()].some(({ state }) => state !== "failed")) return
      for (const rows of [purchases, payloads, keys, challenges, kept.live, kept.next]) rows.clear()
      proofs.forget()
      box.forget()
      failure = undefined
    },
    payload: (id) => payloads.get(id),
    source: (id) => kept.next.get(id)?.source ?? kept.live.get(id)?.source,
    secrets: (id) => ({ ...kept.live.get(id)?.secrets, ...kept.next.get(id)?.secrets }),
    spendProof: proofs.spend,
    bindKeys,
    buildFailure: () => failure,
    saveBuildFailure: (value) => void (failure = value),
    clearBuildFailure: () => void (failure = undefined)
  })
}

/** Provides such a store. */
export const layerPurchaseStoreMemory = Layer.sync(PurchaseStore, () => makePurchaseStoreMemory())
