import { createHash } from "node:crypto"
import { env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { exports } from "cloudflare:workers"
import * as Effect from "effect/Effect"
import { assert, beforeEach, describe, it, vi } from "vitest"
import { CodeRejected, ControlPlaneUnavailable } from "../../src/control-plane/ControlPlaneClient.ts"
import { failsWith } from "../../src/control-plane/testing.ts"
import { makePurchaseStore } from "../../src/orders/purchase/PurchaseStoreSql.ts"
import type { OrderObject } from "../../src/orders/OrderObject.ts"
import { orderName, parseId } from "../../src/domain/DeploymentId.ts"
import { testCredential } from "../../src/payment/testing.ts"
import { problem } from "../support/gateway.ts"
import { host, payments } from "./main.ts"
import { allSent } from "./all-sent.ts"
import { wholeSecond } from "./expiry/support.ts"

const down = failsWith(new ControlPlaneUnavailable({ message: "down" }))

let count = 0
let body = ""
beforeEach(() => {
  payments.captured.clear()
  host.projects.clear()
  body = JSON.stringify({ files: { "index.ts": `export default ${++count}` }, name: `app-${count}` })
})

const post = (headers: Record<string, string> = {}) =>
  exports.default.fetch("http://gateway.test/deploy", {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers }
  })

const pay = async (headers: Record<string, string> = {}) => {
  const challenge = (await post(headers)).headers.get("www-authenticate") ?? ""
  return post({ ...headers, authorization: testCredential(challenge, "0xpayer") })
}

const objectOf = (id: string) => env.ORDERS.get(env.ORDERS.idFromName(parseId(id)?.order ?? ""))
const status = async (id: string) =>
  (await exports.default.fetch(`http://gateway.test/deployments/${id}`)).json() as Promise<Record<string, unknown>>

describe("an order in its object", () => {
  it("is paid, delivered, indexed and stored", async () => {
    const response = await pay({ "idempotency-key": "k" })
    assert.strictEqual(response.status, 200, await response.clone().text())
    const answer = (await response.json()) as Record<string, string>
    const [project] = [...host.projects.values()]
    const entry = await env.EXPIRY.get<Record<string, unknown>>(`deploy:${project?.id}`, "json")
    assert.strictEqual(entry?.deployment_id, answer.deployment_id)
    assert.strictEqual((await status(answer.deployment_id ?? "")).status, "live")
    const again = await pay({ "idempotency-key": "k" })
    assert.deepStrictEqual(await again.json(), answer)
    assert.strictEqual(payments.captured.size, 1)
  })

  it("charges twenty callers at once for one purchase", async () => {
    const challenge = (await post()).headers.get("www-authenticate") ?? ""
    const authorization = testCredential(challenge, "0xpayer")
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => ((await (await post({ authorization })).json()) as { url: string }).url)
    )
    assert.strictEqual(new Set(answers).size, 1)
    assert.isString(answers[0])
    assert.strictEqual(payments.captured.size, 1)
    assert.strictEqual(host.projects.size, 1)
  })

  it("carries typed errors out of the object, payment problems with a fresh challenge", async () => {
    payments.broke.add("0xpayer")
    const response = await pay()
    payments.broke.clear()
    assert.strictEqual((await problem(response)).type, "https://paymentauth.org/problems/verification-failed")
    assert.match(response.headers.get("www-authenticate") ?? "", /^Payment id=/)
  })

  it("continues by the alarm after the host was down", async () => {
    host.next("create", down)
    const failed = await problem(await pay())
    assert.strictEqual(failed.code, "deploy_failed")
    const id = String(failed.deployment_id)
    assert.strictEqual((await status(id)).status, "delivering")
    await dueNow(id)
    assert.isTrue(await runDurableObjectAlarm(objectOf(id)))
    assert.strictEqual((await status(id)).status, "live")
    assert.strictEqual(payments.captured.size, 1)
  })

  it("is owed after 7 days: it is logged, not retried by itself, and still free for its payer", async () => {
    host.next("create", down)
    const id = String((await problem(await pay({ "idempotency-key": "k" }))).deployment_id)
    const age = (millis: number) =>
      runInDurableObject(objectOf(id), (_order, { storage }) => {
        const store = makePurchaseStore(storage)
        const purchase = store.byId(id)!
        const failure = { ...purchase.failure!, since: Date.now() - millis }
        store.save({ ...purchase, failure, due: Date.now() - 1 })
      })
    const alarmed = () => runInDurableObject(objectOf(id), (_order, { storage }) => storage.getAlarm())
    const log = vi.spyOn(console, "log").mockImplementation(() => {})
    const owed = () => log.mock.calls.some((words) => JSON.stringify(words).includes(`owed`))

    await age(7 * 86_400_000 - 60_000)
    host.next("create", down)
    await runDurableObjectAlarm(objectOf(id))
    assert.isNumber(await alarmed())
    assert.isFalse(owed())

    await age(7 * 86_400_000)
    host.next("create", down)
    await runDurableObjectAlarm(objectOf(id))
    assert.isNull(await alarmed())
    assert.isTrue(owed())
    log.mockRestore()

    const answer = (await (await pay({ "idempotency-key": "k" })).json()) as Record<string, string>
    assert.strictEqual(answer.deployment_id, id)
    assert.strictEqual(payments.captured.size, 1)
  })

  it("learns by the alarm whether the chain confirmed the payment", async () => {
    payments.captures.push("lost")
    const pending = await problem(await pay())
    assert.strictEqual(pending.code, "payment_pending")
    const id = String(pending.deployment_id)
    await dueNow(id)
    assert.isTrue(await runDurableObjectAlarm(objectOf(id)))
    assert.strictEqual((await status(id)).status, "live")
    // No client has the answer yet, so the same call without a key gets this purchase and pays nothing.
    const answer = (await (await pay()).json()) as Record<string, unknown>
    assert.strictEqual(answer.deployment_id, id)
    assert.strictEqual(payments.captured.size, 1)
    // A client has it now, so another call is another purchase.
    assert.notStrictEqual(((await (await pay()).json()) as Record<string, unknown>).deployment_id, id)
    assert.strictEqual(payments.captured.size, 2)
  })

  it("keeps the alarm set while a refused purchase is tried again", async () => {
    host.next("upload", failsWith(new CodeRejected({ message: "no" })))
    const refused = await problem(await pay({ "idempotency-key": "k" }))
    assert.deepStrictEqual([refused.code, refused.fault], ["deploy_failed", "code"])
    const object = objectOf(String(refused.deployment_id))
    const alarm = async () => {
      await allSent(object)
      return runInDurableObject(object, (_order, { storage }) => storage.getAlarm())
    }
    const week = Date.now() + 7 * 86_400_000
    assert.closeTo((await alarm()) ?? 0, week, 5_000)
    host.next("upload", Effect.delay("300 millis"))
    const again = pay({ "idempotency-key": "k" })
    while (((await alarm()) ?? week) > Date.now() + 60_000) await new Promise((resolve) => setTimeout(resolve, 10))
    const answer = (await (await again).json()) as { expires_at: string }
    assert.strictEqual(wholeSecond(await alarm()), Date.parse(answer.expires_at))
  })

  it("forgets a payment that failed after seven days, and then the object is empty", async () => {
    payments.captures.push("reverted")
    assert.strictEqual((await problem(await pay())).status, 402)
    const id = await onlyId()
    assert.strictEqual((await status(id)).status, "failed")
    await allSent(objectOf(id))
    const alarm = await runInDurableObject(objectOf(id), (_order, { storage }) => storage.getAlarm())
    assert.closeTo(alarm ?? 0, Date.now() + 7 * 86_400_000, 5_000)
    await dueNow(id)
    assert.isTrue(await runDurableObjectAlarm(objectOf(id)))
    assert.deepStrictEqual(await tables(objectOf(id)), [])
  })

  it("forgets an outdated build failure, and nothing else", async () => {
    const id = String(((await (await pay()).json()) as Record<string, string>).deployment_id)
    const buildFailure = () =>
      runInDurableObject(objectOf(id), (_order, { storage }) => makePurchaseStore(storage).buildFailure()?.detail)
    await runInDurableObject(objectOf(id), (_order, { storage }) =>
      makePurchaseStore(storage).saveBuildFailure({ at: Date.now() - 3_600_000, detail: "no", diagnostics: [] })
    )
    assert.strictEqual(await buildFailure(), "no")
    assert.isTrue(await runDurableObjectAlarm(objectOf(id)))
    assert.isUndefined(await buildFailure())
    assert.strictEqual((await status(id)).status, "live")
  })

  it("hides a defect, and says whether it has charged", async () => {
    host.next("create", () => Effect.die(new Error("secret")))
    const broken = await problem(await pay())
    assert.deepStrictEqual([broken.code, broken.charged], ["deploy_failed", true])
    assert.notInclude(JSON.stringify(broken), "secret")
  })
})

const tables = (object: DurableObjectStub<OrderObject>) =>
  runInDurableObject(object, (_order, { storage }) =>
    storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'purchase'").toArray()
  )

/** Returns the id of the one purchase of this test's order. */
const onlyId = async () => {
  const sha256 = createHash("sha256").update(body).digest("hex")
  const object = env.ORDERS.get(env.ORDERS.idFromName(orderName("0xpayer", "deploy", sha256)))
  return runInDurableObject(object, (_order, { storage }) =>
    storage.sql.exec<{ id: string }>("SELECT id FROM purchase").one()
  ).then(({ id }) => id)
}

/** Makes every purchase of an order due now, without its pause. */
const dueNow = (id: string) =>
  runInDurableObject(objectOf(id), (_order, { storage }) => {
    const store = makePurchaseStore(storage)
    for (const purchase of store.findDue(Number.MAX_SAFE_INTEGER)) store.save({ ...purchase, due: Date.now() - 1 })
  })
