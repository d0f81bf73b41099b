import { env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { exports } from "cloudflare:workers"
import * as Effect from "effect/Effect"
import { assert, beforeEach, describe, it, vi } from "vitest"
import { CodeRejected, ControlPlaneUnavailable } from "../../src/control-plane/ControlPlaneClient.ts"
import { failsWith } from "../../src/control-plane/testing.ts"
import { makePurchaseStore } from "../../src/orders/purchase/PurchaseStoreSql.ts"
import type { Purchase, PurchaseRow } from "../../src/orders/purchase/Purchase.ts"
import { parseId } from "../../src/domain/DeploymentId.ts"
import { timestamp } from "../../src/domain/Order.ts"
import { testCredential } from "../../src/payment/testing.ts"
import { asUpdate, problem } from "../support/gateway.ts"
import { host, payments } from "./main.ts"
import { edited } from "../support/purchase.ts"
import { allSent } from "./all-sent.ts"

const down = failsWith(new ControlPlaneUnavailable({ message: "down" }))
const refuses = failsWith(new CodeRejected({ message: "it throws" }))
const week = 7 * 86_400_000

let count = 0
let body = ""
beforeEach(() => {
  payments.captured.clear()
  host.projects.clear()
  body = JSON.stringify({ files: { "index.ts": `export default "alarm ${++count}"` }, name: `alarm-${count}` })
})

const call = async (method: "POST" | "PUT", path: string, sent = body, key = "k") => {
  const send = (headers: Record<string, string> = {}) =>
    exports.default.fetch(`http://gateway.test${path}`, {
      method,
      body: method === "PUT" ? asUpdate(sent) : sent,
      headers: { "content-type": "application/json", "idempotency-key": key, ...headers }
    })
  const challenge = (await send()).headers.get("www-authenticate") ?? ""
  return send({ authorization: testCredential(challenge, "0xpayer") })
}
const deploy = async () => {
  const { deployment_id: id } = (await (await call("POST", "/deploy")).json()) as { readonly deployment_id: string }
  await allSent(objectOf(id))
  return id
}
const objectOf = (id: string) => env.ORDERS.get(env.ORDERS.idFromName(parseId(id)?.order ?? ""))
const alarmOf = async (id: string) => {
  await allSent(objectOf(id))
  return runInDurableObject(objectOf(id), (_order, { storage }) => storage.getAlarm())
}
const change = (id: string, edit: (purchase: Purchase) => Partial<PurchaseRow>) =>
  runInDurableObject(objectOf(id), (_order, { storage }) => {
    const store = makePurchaseStore(storage)
    const purchase = store.byId(id)!
    store.save(edited(purchase, edit(purchase)))
  })
/** Lets every try have failed for this long, the last one a minute ago. */
const failing = (id: string, millis: number) =>
  change(id, ({ failure }) => ({
    failure: { ...failure!, since: Date.now() - millis, at: Date.now() - 60_000 },
    due: Date.now() - 1
  }))

describe("an alarm", () => {
  it("that rings too early, by another machine's clock, is set again", async () => {
    const id = await deploy()
    const due = await alarmOf(id)
    assert.isTrue(await runDurableObjectAlarm(objectOf(id)))
    assert.strictEqual(await alarmOf(id), due)
  })

  it("that fails on a row of another version repeats for the other rows", async () => {
    host.next("create", down)
    const id = await deploy()
    await change(id, () => ({ due: Date.now() - 1 }))
    await runInDurableObject(objectOf(id), (_order, { storage }) => {
      storage.sql.exec("INSERT INTO purchase VALUES ('dep_other', 'delivered', ?, '{\"v\":2}')", Date.now() - 1)
    })
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    assert.isTrue(await runDurableObjectAlarm(objectOf(id)))
    log.mockRestore()
    assert.closeTo((await alarmOf(id)) ?? 0, Date.now() + 300_000, 5_000)
    // The next release finds the row, and can read it.
    await runInDurableObject(objectOf(id), (_order, { storage }) => {
      storage.sql.exec("DELETE FROM purchase WHERE id = 'dep_other'")
    })
    await runDurableObjectAlarm(objectOf(id))
    assert.strictEqual(host.projects.size, 1)
    assert.strictEqual(payments.captured.size, 1)
  })
})

describe("a purchase that waits for its payer", () => {
  const claims = (id: string, project: string) => objectOf(id).claims(id, project)
  const put = (id: string) => call("PUT", `/deployments/${id}`, `${body} `)
  const refused = async () => {
    host.next("upload", refuses)
    const id = await deploy()
    await failing(id, 0)
    const [project = ""] = host.projects.keys()
    return { id, project }
  }

  it("leaves the host after a week, stays owed, and is placed anew when its payer calls", async () => {
    const { id, project } = await refused()
    assert.isTrue(await claims(id, project))
    await runDurableObjectAlarm(objectOf(id))
    assert.strictEqual(host.projects.size, 0)
    assert.isNull(await alarmOf(id))
    const answer = await put(id)
    assert.strictEqual(answer.status, 200, await answer.clone().text())
    assert.strictEqual(((await answer.json()) as { deployment_id: string }).deployment_id, id)
    assert.strictEqual(host.projects.size, 1)
    assert.strictEqual(payments.captured.size, 1)
  })

  it("is never placed again where a delete may still come late, and the sweep deletes that place", async () => {
    const { id, project } = await refused()
    host.next("remove", down)
    await runDurableObjectAlarm(objectOf(id))
    assert.isTrue(host.projects.has(project))
    assert.isFalse(await claims(id, project))
    assert.strictEqual((await put(id)).status, 200)
    const [site] = [...host.projects.values()].filter(({ uploads }) => uploads.length > 0)
    assert.notStrictEqual(site?.id, project)
    assert.isFalse(await claims(id, project))
    assert.isTrue(await claims(id, site?.id ?? ""))
  })

  it("no longer waits after its payer's call, and continues after a crash", async () => {
    host.next("create", down)
    const id = await deploy()
    await failing(id, week + 1)
    host.next("create", down)
    await runDurableObjectAlarm(objectOf(id))
    assert.isNull(await alarmOf(id))
    // The row is as it is when the process ends during the payer's call.
    host.next("create", down)
    assert.strictEqual((await call("POST", "/deploy")).status, 502)
    assert.isNumber(await alarmOf(id))
    await change(id, () => ({ due: Date.now() - 1 }))
    await runDurableObjectAlarm(objectOf(id))
    assert.strictEqual(host.projects.size, 1)
  })

  it("is retried by itself like any other after its payer has replaced the code", async () => {
    const { id } = await refused()
    await failing(id, week + 1)
    host.next("upload", down)
    const answer = await problem(await put(id))
    assert.deepStrictEqual([answer.code, answer.fault], ["deploy_failed", "service"])
    assert.match(answer.detail, /retries by itself/)
    await change(id, () => ({ due: Date.now() - 1 }))
    await runDurableObjectAlarm(objectOf(id))
    const status = await exports.default.fetch(`http://gateway.test/deployments/${id}`)
    assert.strictEqual(((await status.json()) as { status: string }).status, "live")
  })
})

describe("an alarm while the host hangs", () => {
  const hangs = () => Effect.never
  const held = async (id: string) => {
    const since = Date.now()
    assert.isTrue(await runDurableObjectAlarm(objectOf(id)))
    return Date.now() - since
  }

  it("stays open for at most 5 s for expired deployments, and deletes all of them once the host answers", async () => {
    const ids: Array<string> = []
    for (const key of ["a", "b", "c", "d", "e", "f", "g", "h"]) {
      const answer = (await (await call("POST", "/deploy", body, key)).json()) as { deployment_id: string }
      ids.push(answer.deployment_id)
    }
    const [first = ""] = ids
    const past = timestamp(Date.now() - 2000)
    for (const id of ids) {
      await change(id, ({ answer }) => ({ answer: { ...answer!, expires_at: past }, due: Date.now() - 1 }))
    }
    host.next("remove", ...ids.map(() => hangs))
    assert.closeTo(await held(first), 5_000, 1_500)
    assert.closeTo((await alarmOf(first)) ?? 0, Date.now() + 30_000, 2_000)
    assert.strictEqual(host.projects.size, ids.length)
    for (const id of ids) await change(id, () => ({ due: Date.now() - 1 }))
    // The deletes that the alarm did not reach still have hanging answers.
    host.calm("remove")
    assert.isBelow(await held(first), 5_000)
    assert.strictEqual(host.projects.size, 0)
  })

  it("stays open for at most 20 s for deliveries, which continue by themselves", async () => {
    host.next("create", down)
    const id = await deploy()
    await change(id, () => ({ due: Date.now() - 1 }))
    host.next("create", Effect.delay("22 seconds"))
    assert.closeTo(await held(id), 20_000, 1_500)
    assert.isNotNull(await alarmOf(id))
    for (let waited = 0; waited < 50; waited++) {
      const purchase = await runInDurableObject(objectOf(id), (_order, { storage }) =>
        makePurchaseStore(storage).byId(id)
      )
      if (purchase?.state === "delivered") break
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.strictEqual(host.projects.size, 1)
    assert.strictEqual(payments.captured.size, 1)
  })
})
