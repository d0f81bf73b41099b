import { createHash } from "node:crypto"
import { env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { assert } from "vitest"
import { orderName } from "../../../src/domain/DeploymentId.ts"
import { makePurchaseStore } from "../../../src/orders/purchase/PurchaseStoreSql.ts"
import type { Purchase, PurchaseRow } from "../../../src/orders/purchase/Purchase.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { edited } from "../../support/purchase.ts"
import { send, status } from "./support.ts"

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

/** The renewals of a deployment, as their order keeps them. */
export const renewals = (id: string) =>
  runInDurableObject(renewalOf(id), (_order, { storage }) =>
    makePurchaseStore(storage).findDue(Number.MAX_SAFE_INTEGER)
  )

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
