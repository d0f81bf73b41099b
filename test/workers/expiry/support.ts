import { env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { exports } from "cloudflare:workers"
import { assert } from "vitest"
import { ControlPlaneUnavailable } from "../../../src/control-plane/ControlPlaneClient.ts"
import { failsWith } from "../../../src/control-plane/testing.ts"
import { makePurchaseStore } from "../../../src/orders/purchase/PurchaseStoreSql.ts"
import type { Purchase, PurchaseRow } from "../../../src/orders/purchase/Purchase.ts"
import { parseId } from "../../../src/domain/DeploymentId.ts"
import { timestamp } from "../../../src/domain/Order.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { asUpdate } from "../../support/gateway.ts"
import { host, payments } from "../main.ts"
import { edited } from "../../support/purchase.ts"
import { allSent } from "../all-sent.ts"

/** The host does not answer. */
export const down = failsWith(new ControlPlaneUnavailable({ message: "down" }))

let count = 0

/** The body of the next deploy. */
export const next = { body: "" }

/** Forgets all payments and projects, and makes a new body. */
export const reset = (): void => {
  payments.captured.clear()
  host.projects.clear()
  next.body = JSON.stringify({ files: { "index.ts": `export default "expiry ${++count}"` }, name: `expiring-${count}` })
}

/** Sends a request to the gateway. */
export const send = (path: string, init: RequestInit = {}) => exports.default.fetch(`http://gateway.test${path}`, init)

/** Makes a paid call. */
export const call = async (
  method: "POST" | "PUT",
  path: string,
  content: string,
  headers: Record<string, string> = {}
) => {
  const request = (more: Record<string, string> = {}) =>
    send(path, {
      method,
      body: method === "PUT" ? asUpdate(content) : content,
      headers: { "content-type": "application/json", ...headers, ...more }
    })
  const challenge = (await request()).headers.get("www-authenticate") ?? ""
  return request({ authorization: testCredential(challenge, "0xpayer") })
}

/** Makes a paid deploy, and returns its deployment id. It `waits` until the payer's object knows of it. */
export const deploy = async (headers: Record<string, string> = {}, { waits = true } = {}) => {
  const response = await call("POST", "/deploy", next.body, headers)
  assert.strictEqual(response.status, 200, await response.clone().text())
  const id = String(((await response.json()) as { deployment_id: string }).deployment_id)
  if (waits) await allSent(objectOf(id))
  return id
}

/** Returns the order's object. */
export const objectOf = (id: string) => env.ORDERS.get(env.ORDERS.idFromName(parseId(id)?.order ?? ""))
/** Returns the deployment's status from the gateway. */
export const status = async (id: string) =>
  (await send(`/deployments/${id}`)).json() as Promise<Record<string, unknown>>

/** Makes every purchase of an order due, changed by `change`, and runs the alarm. */
export const after = async (id: string, change: (purchase: Purchase) => Partial<PurchaseRow>) => {
  await runInDurableObject(objectOf(id), (_order, { storage }) => {
    const store = makePurchaseStore(storage)
    for (const purchase of store.findDue(Number.MAX_SAFE_INTEGER)) {
      store.save(edited(purchase, { due: Date.now() - 1, ...change(purchase) }))
    }
  })
  assert.isTrue(await runDurableObjectAlarm(objectOf(id)))
}
/** Lets the deployment expire. */
export const expiry = (id: string) =>
  after(id, ({ answer }) => ({ answer: answer && { ...answer, expires_at: timestamp(Date.now() - 2000) } }))
/** The second of a time, in unix milliseconds: an alarm rings within the second of the expiry. */
export const wholeSecond = (time: number | null) => Math.floor((time ?? Number.NaN) / 1000) * 1000
/** Lets the pause before the next attempt pass. */
export const pause = (id: string) => after(id, () => ({}))

/** Returns the purchase as its object has stored it. */
export const purchaseOf = (id: string) =>
  runInDurableObject(objectOf(id), (_order, { storage }) => makePurchaseStore(storage).byId(id)!)
