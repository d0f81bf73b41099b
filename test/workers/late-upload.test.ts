import { env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { exports } from "cloudflare:workers"
import * as Effect from "effect/Effect"
import { assert, beforeEach, describe, it } from "vitest"
import { ControlPlaneUnavailable } from "../../src/control-plane/ControlPlaneClient.ts"
import { type Fault, failsWith } from "../../src/control-plane/testing.ts"
import { makePurchaseStore } from "../../src/orders/purchase/PurchaseStoreSql.ts"
import type { Purchase, PurchaseRow } from "../../src/orders/purchase/Purchase.ts"
import { parseId } from "../../src/domain/DeploymentId.ts"
import { timestamp } from "../../src/domain/Order.ts"
import { testCredential } from "../../src/payment/testing.ts"
import { wholeSecond } from "./expiry/support.ts"
import { host, payments } from "./main.ts"
import { asUpdate } from "../support/gateway.ts"
import { edited } from "../support/purchase.ts"

const down = failsWith(new ControlPlaneUnavailable({ message: "down" }))

let count = 0
let body = ""
beforeEach(() => {
  payments.captured.clear()
  host.projects.clear()
  body = source("first")
})
const source = (code: string) =>
  JSON.stringify({ files: { "index.ts": `export default "${code} ${++count}"` }, name: `late-${count}` })

const call = async (method: "POST" | "PUT", path: string, sent = body) => {
  const send = (headers: Record<string, string> = {}) =>
    exports.default.fetch(`http://gateway.test${path}`, {
      method,
      body: method === "PUT" ? asUpdate(sent) : sent,
      headers: { "content-type": "application/json", "idempotency-key": "k", ...headers }
    })
  const challenge = (await send()).headers.get("www-authenticate") ?? ""
  return send({ authorization: testCredential(challenge, "0xpayer") })
}
const idIn = async (response: Response) => String(((await response.json()) as { deployment_id: string }).deployment_id)
const put = (id: string, sent: string) => call("PUT", `/deployments/${id}`, sent)
const objectOf = (id: string) => env.ORDERS.get(env.ORDERS.idFromName(parseId(id)?.order ?? ""))
const alarmOf = (id: string) => runInDurableObject(objectOf(id), (_order, { storage }) => storage.getAlarm())
const withStore = <A>(id: string, use: (store: ReturnType<typeof makePurchaseStore>) => A) =>
  runInDurableObject(objectOf(id), (_order, { storage }) => use(makePurchaseStore(storage)))
const purchaseOf = (id: string) => withStore(id, (store) => store.byId(id)!)
const status = async (id: string) =>
  (await exports.default.fetch(`http://gateway.test/deployments/${id}`)).json() as Promise<Record<string, unknown>>

/** Lets more than a minute pass, and runs the alarm. */
const later = async (id: string, edit: (purchase: Purchase) => Partial<PurchaseRow> = () => ({})) => {
  await withStore(id, (store) => {
    const purchase = store.byId(id)!
    const update = purchase.update && { ...purchase.update, ...(purchase.update.again && { again: Date.now() - 1 }) }
    store.save(edited(purchase, { update, due: Date.now() - 1, ...edit(purchase) }))
  })
  assert.isTrue(await runDurableObjectAlarm(objectOf(id)))
}

/** Returns the code that serves: the upload that landed last. */
const servedCode = () => [...host.projects.values()].flatMap(({ uploads }) => uploads).at(-1)?.code
const landed = () => [...host.projects.values()].flatMap(({ uploads }) => uploads.map(({ code }) => code))

/** A fault that gives an upload up, and carries it out when the test says so. */
const held = () => {
  const calls: Array<Effect.Effect<void, unknown>> = []
  const fault: Fault<void, never> = (upload) => {
    calls.push(upload)
    return Effect.fail(new ControlPlaneUnavailable({ message: "given up" })) as never
  }
  return {
    fault: fault as never,
    land: () => Effect.runPromise(Effect.all(calls, { discard: true }) as Effect.Effect<void>)
  }
}

describe("an upload that was given up and lands after a newer one", () => {
  it("is replaced, because the order sends the newest code again a minute later", async () => {
    const id = await idIn(await call("POST", "/deploy"))
    const old = held()
    host.next("upload", old.fault)
    assert.strictEqual((await put(id, source("given up"))).status, 502)
    const response = await put(id, source("newest"))
    assert.strictEqual(response.status, 200, await response.clone().text())
    const newest = servedCode()
    const { updated_at } = await status(id)
    assert.closeTo((await alarmOf(id)) ?? 0, Date.now() + 60_000, 5_000)
    await old.land()
    assert.notStrictEqual(servedCode(), newest)
    await later(id)
    assert.strictEqual(servedCode(), newest)
    assert.deepInclude(await status(id), { status: "live", last_failure: null, updated_at })
    // The order keeps no upload, and does not wake up before its expiry.
    const { update, answer } = await purchaseOf(id)
    assert.isNull(update)
    assert.strictEqual(wholeSecond(await alarmOf(id)), Date.parse(answer!.expires_at))
    assert.isUndefined(await withStore(id, (store) => store.payload(id)))
  })

  it("is replaced if the deploy itself sent it twice before other code was taken", async () => {
    const old = held()
    host.next("upload", old.fault)
    const id = await idIn(await call("POST", "/deploy"))
    const response = await put(id, source("newest"))
    assert.strictEqual(response.status, 200, await response.clone().text())
    const newest = servedCode()
    await old.land()
    await later(id)
    assert.strictEqual(servedCode(), newest)
    assert.strictEqual(host.projects.size, 1)
    assert.strictEqual(payments.captured.size, 1)
  })

  it("is replaced if its repetition succeeded before newer code came", async () => {
    const old = held()
    host.next("upload", old.fault)
    const id = await idIn(await call("POST", "/deploy"))
    await later(id)
    assert.strictEqual((await status(id)).status, "live")
    assert.isNull((await purchaseOf(id)).update, "the same code does no harm")
    assert.strictEqual((await put(id, source("newest"))).status, 200)
    const newest = servedCode()
    await old.land()
    await later(id)
    assert.strictEqual(servedCode(), newest)
  })

  it("is replaced if a crash interrupted it", async () => {
    const id = await idIn(await call("POST", "/deploy"))
    const pushed = host.projects.values().next().value!
    // The rows are as they are when the process ends during an update: the upload is recorded as in doubt.
    host.next("upload", () => Effect.die(new Error("the end")))
    await put(id, source("cut off"))
    assert.strictEqual((await put(id, source("newest"))).status, 200)
    const newest = servedCode()
    host.projects.set(pushed.id, {
      ...host.projects.get(pushed.id)!,
      uploads: [...host.projects.get(pushed.id)!.uploads, { main: "index.js", code: "cut off", compatibilityFlags: [] }]
    })
    await later(id)
    assert.strictEqual(servedCode(), newest)
  })

  it("makes the order send the newest code until the host takes it, without a reported failure", async () => {
    const id = await idIn(await call("POST", "/deploy"))
    const old = held()
    host.next("upload", old.fault)
    await put(id, source("given up"))
    await put(id, source("newest"))
    const newest = servedCode()
    await old.land()
    host.next("upload", down, down)
    await later(id)
    assert.closeTo((await alarmOf(id)) ?? 0, Date.now() + 2_000, 1_500)
    await later(id)
    assert.notStrictEqual(servedCode(), newest)
    assert.deepInclude(await status(id), { status: "live", last_failure: null })
    await later(id)
    assert.strictEqual(servedCode(), newest)
  })

  it("keeps no deployment alive beyond its expiry", async () => {
    const id = await idIn(await call("POST", "/deploy"))
    host.next("upload", down)
    await put(id, source("given up"))
    await put(id, source("newest"))
    await later(id, ({ answer }) => ({ answer: answer && { ...answer, expires_at: timestamp(Date.now() - 2000) } }))
    assert.strictEqual((await status(id)).status, "expired")
    assert.strictEqual(host.projects.size, 0)
  })

  it("needs no repetition if no upload was in doubt, or its own code is the newest", async () => {
    const id = await idIn(await call("POST", "/deploy"))
    assert.strictEqual((await put(id, source("second"))).status, 200)
    assert.isNull((await purchaseOf(id)).update)
    const third = source("third")
    host.next("upload", down)
    await put(id, third)
    await later(id)
    assert.isNull((await purchaseOf(id)).update)
    assert.strictEqual(landed().length, 3)
  })
})

describe("an update of a deleted project", () => {
  it("is placed anew by the alarm after a crash, until the same expiry", async () => {
    const response = await call("POST", "/deploy")
    const first = (await response.json()) as Record<string, string>
    const id = String(first.deployment_id)
    host.projects.clear()
    host.next("create", down)
    assert.strictEqual((await put(id, source("newer"))).status, 502)
    assert.deepInclude(await status(id), { status: "delivering", url: null, expires_at: first.expires_at })
    await later(id)
    const after = await status(id)
    assert.deepInclude(after, { status: "live", url: first.url, expires_at: first.expires_at, last_failure: null })
    assert.strictEqual(host.projects.size, 1)
    assert.strictEqual(wholeSecond(await alarmOf(id)), Date.parse(String(first.expires_at)))
    const [made] = [...host.projects.values()]
    const entry = await env.EXPIRY.get<Record<string, unknown>>(`deploy:${made?.id}`, "json")
    assert.strictEqual(entry?.deployment_id, id)
  })

  it("leaves nothing behind if it expires while the host creates the project", async () => {
    const id = await idIn(await call("POST", "/deploy"))
    host.projects.clear()
    host.next("create", (create) =>
      Effect.tap(create, () =>
        Effect.promise(() =>
          withStore(id, (store) => {
            const purchase = store.byId(id)!
            const answer = { ...purchase.answer!, expires_at: timestamp(Date.now() - 2000) }
            store.save(edited(purchase, { answer, due: Date.now() - 1 }))
          })
        )
      )
    )
    assert.strictEqual((await put(id, source("newer"))).status, 410)
    assert.strictEqual(host.projects.size, 0)
    await runDurableObjectAlarm(objectOf(id))
    assert.strictEqual((await status(id)).status, "expired")
  })

  it("is not swept while it is being placed", async () => {
    const id = await idIn(await call("POST", "/deploy"))
    host.projects.clear()
    host.next("create", host.leaves("active"))
    await put(id, source("newer"))
    const [made = ""] = host.projects.keys()
    assert.isTrue(await objectOf(id).claims(id, made))
    await later(id)
    assert.isTrue(await objectOf(id).claims(id, made))
    assert.isFalse(await objectOf(id).claims(id, "another"))
  })
})
