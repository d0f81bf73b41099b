import { createHash } from "node:crypto"
import { abortAllDurableObjects, env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { assert } from "vitest"
import { orderName } from "../../../src/domain/DeploymentId.ts"
import { purchaseKey, timestamp } from "../../../src/domain/Order.ts"
import { makePurchaseStore } from "../../../src/orders/purchase/PurchaseStoreSql.ts"
import type { Purchase, PurchaseRow } from "../../../src/orders/purchase/Purchase.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { edited } from "../../support/purchase.ts"
import { type Broken, broken } from "../main.ts"
import { after, objectOf, send, status } from "./support.ts"

/** A day, in milliseconds. */
export const DAY = 86_400_000
const KEY = { "idempotency-key": "renewal" }

/** Renews a deployment as somebody else than its payer. */
export const renew = async (id: string, headers: Record<string, string> = KEY) => {
  const post = (more: Record<string, string>) =>
    send(`/deployments/${id}/renew`, { method: "POST", headers: { ...headers, ...more } })
  const unpaid = await post({})
  if (unpaid.status !== 402) return unpaid
  return post({ authorization: testCredential(unpaid.headers.get("www-authenticate") ?? "", "0xother") })
}

/** Deletes a deployment as its payer. */
export const remove = async (id: string) => {
  const path = `/deployments/${id}`
  const challenge = (await send(path, { method: "DELETE" })).headers.get("www-authenticate") ?? ""
  return send(path, { method: "DELETE", headers: { authorization: testCredential(challenge, "0xpayer") } })
}

const nothing = createHash("sha256").digest("hex")
const renewalOf = (id: string) => env.ORDERS.get(env.ORDERS.idFromName(orderName("0xother", `renew:${id}`, nothing)))

/** The renewals of a deployment that their order wakes up for, as it keeps them. */
export const renewals = (id: string) =>
  runInDurableObject(renewalOf(id), (_order, { storage }) =>
    makePurchaseStore(storage).findDue(Number.MAX_SAFE_INTEGER)
  )

/** The renewal under a key, that of `renew` unless given, whether its order wakes up for it or not. */
export const renewalUnder = (id: string, key = KEY["idempotency-key"]) =>
  runInDurableObject(renewalOf(id), (_order, { storage }) => makePurchaseStore(storage).byKey(purchaseKey(key)))

/** Changes the renewal under the key of `renew`. */
export const editRenewal = (id: string, change: Partial<PurchaseRow>) =>
  runInDurableObject(renewalOf(id), (_order, { storage }) => {
    const store = makePurchaseStore(storage)
    store.save(edited(store.byKey(purchaseKey(KEY["idempotency-key"]))!, change))
  })

/** Changes a deployment. */
export const edit = (id: string, change: Partial<PurchaseRow>) =>
  runInDurableObject(objectOf(id), (_order, { storage }) => {
    const store = makePurchaseStore(storage)
    store.save(edited(store.byId(id)!, change))
  })

/** Makes the renewals due, and runs their order's alarm. */
export const wakeRenewal = async (id: string, change: (purchase: Purchase) => Partial<PurchaseRow> = () => ({})) => {
  await runInDurableObject(renewalOf(id), (_order, { storage }) => {
    const store = makePurchaseStore(storage)
    for (const purchase of store.findDue(Number.MAX_SAFE_INTEGER)) {
      store.save(edited(purchase, { due: Date.now() - 1, ...change(purchase) }))
    }
  })
  assert.isTrue(await runDurableObjectAlarm(renewalOf(id)))
}

/** When a deployment ends, in unix milliseconds. */
export const expiryOf = async (id: string) => Date.parse(String((await status(id)).expires_at))

/** Lets the deployment's time be over, and the deadline of the payments that it waits for. */
export const over = (id: string, deadline = 60) =>
  after(id, ({ answer, holds = [] }) => ({
    answer: answer && { ...answer, expires_at: timestamp(Date.now() - 2000) },
    holds: holds.map((held) => ({
      ...held,
      validBefore: Math.floor(Date.now() / 1000) - deadline,
      ...(deadline > 0 && { due: Date.now() - 1 })
    }))
  }))

/** Starts a renewal whose next call of its deployment goes wrong, and kills every object when it has. */
export const killAt = async (
  id: string,
  one: Omit<Broken, "hangs">,
  state: string | undefined,
  start = () => renew(id)
) => {
  broken.push({ ...one, hangs: true })
  const answer = start().catch(() => undefined)
  for (let waited = 0; broken.length > 0; waited++) {
    assert.isBelow(waited, 200, "the call was not made")
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await new Promise((resolve) => setTimeout(resolve, 50))
  await abortAllDurableObjects()
  assert.isTrue((await answer)?.status !== 200)
  assert.strictEqual((await renewals(id))[0]?.state, state)
}
