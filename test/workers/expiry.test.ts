import { createHmac } from "node:crypto"
import { env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { exports } from "cloudflare:workers"
import * as Effect from "effect/Effect"
import { assert, beforeEach, describe, it } from "vitest"
import { CodeRejected, ControlPlaneUnavailable } from "../../src/control-plane/ControlPlaneClient.ts"
import { failsWith, goesWell, losesItsAnswer } from "../../src/control-plane/testing.ts"
import { projectName } from "../../src/control-plane/slug.ts"
import { makePurchaseStore } from "../../src/orders/purchase/PurchaseStoreSql.ts"
import type { Purchase } from "../../src/orders/purchase/Purchase.ts"
import { parseId } from "../../src/domain/DeploymentId.ts"
import { timestamp, updateOf } from "../../src/domain/Order.ts"
import { testCredential } from "../../src/payment/testing.ts"
import { asUpdate, problem } from "../support/gateway.ts"
import { cronSecret, host, payments } from "./main.ts"

const down = failsWith(new ControlPlaneUnavailable({ message: "down" }))

let count = 0
let body = ""
beforeEach(() => {
  payments.captured.clear()
  host.projects.clear()
  body = JSON.stringify({ files: { "index.ts": `export default "expiry ${++count}"` }, name: `expiring-${count}` })
})

const send = (path: string, init: RequestInit = {}) => exports.default.fetch(`http://gateway.test${path}`, init)

const call = async (method: "POST" | "PUT", path: string, content: string, headers: Record<string, string> = {}) => {
  const request = (more: Record<string, string> = {}) =>
    send(path, {
      method,
      body: method === "PUT" ? asUpdate(content) : content,
      headers: { "content-type": "application/json", ...headers, ...more }
    })
  const challenge = (await request()).headers.get("www-authenticate") ?? ""
  return request({ authorization: testCredential(challenge, "0xpayer") })
}

const deploy = async (headers: Record<string, string> = {}) => {
  const response = await call("POST", "/deploy", body, headers)
  assert.strictEqual(response.status, 200, await response.clone().text())
  return String(((await response.json()) as { deployment_id: string }).deployment_id)
}

const objectOf = (id: string) => env.ORDERS.get(env.ORDERS.idFromName(parseId(id)?.order ?? ""))
const status = async (id: string) => (await send(`/deployments/${id}`)).json() as Promise<Record<string, unknown>>

/** Lets time pass for every purchase of an order, and the alarm ring. */
const after = async (id: string, change: (purchase: Purchase) => Partial<Purchase>) => {
  await runInDurableObject(objectOf(id), (_order, { storage }) => {
    const store = makePurchaseStore(storage)
    for (const purchase of store.findDue(Number.MAX_SAFE_INTEGER)) {
      store.save({ ...purchase, due: Date.now() - 1, ...change(purchase) })
    }
  })
  assert.isTrue(await runDurableObjectAlarm(objectOf(id)))
}
const expiry = (id: string) =>
  after(id, ({ answer }) => ({ answer: answer && { ...answer, expires_at: timestamp(Date.now() - 2000) } }))
const pause = (id: string) => after(id, () => ({}))

const purchaseOf = (id: string) =>
  runInDurableObject(objectOf(id), (_order, { storage }) => makePurchaseStore(storage).byId(id)!)

describe("the end of a deployment", () => {
  it("is set when it goes live", async () => {
    const id = await deploy()
    const alarm = await runInDurableObject(objectOf(id), (_order, { storage }) => storage.getAlarm())
    assert.strictEqual(alarm, Date.parse(String((await status(id)).expires_at)))
  })

  it("takes the project and its index entry, and its key answers 410", async () => {
    const id = await deploy({ "idempotency-key": "k" })
    const [project] = [...host.projects.values()]
    assert.isNotNull(await env.EXPIRY.get(`deploy:${project?.id}`))
    await expiry(id)
    assert.strictEqual(host.projects.size, 0)
    assert.isNull(await env.EXPIRY.get(`deploy:${project?.id}`))
    assert.strictEqual((await status(id)).status, "expired")
    const again = await problem(await call("POST", "/deploy", body, { "idempotency-key": "k" }))
    assert.deepStrictEqual([again.status, again.code, again.charged], [410, "expired", true])
    const update = await problem(await call("PUT", `/deployments/${id}`, body))
    assert.strictEqual(update.code, "expired")
    assert.strictEqual(payments.captured.size, 1)
  })

  it("outlasts an outage of the host, with pauses of seconds", async () => {
    const id = await deploy()
    host.next("remove", ...Array.from({ length: 20 }, () => down))
    await expiry(id)
    for (let tries = 1; tries < 20; tries++) {
      const { due, attempts } = await purchaseOf(id)
      assert.strictEqual(attempts, tries)
      assert.isAtMost(due! - Date.now(), 8_000)
      await pause(id)
    }
    const before = await status(id)
    assert.strictEqual(before.status, "live")
    assert.match(String(before.last_failure), /could not be deleted yet/)
    await pause(id)
    assert.strictEqual(host.projects.size, 0)
    assert.deepInclude(await status(id), { status: "expired", last_failure: null })
  })

  it("takes what is gone already for done, and a lost answer for nothing", async () => {
    const gone = await deploy()
    host.projects.clear()
    await expiry(gone)
    assert.strictEqual((await status(gone)).status, "expired")
    body = body.replace("expiring", "again")
    const lost = await deploy()
    host.next("remove", losesItsAnswer)
    await expiry(lost)
    assert.strictEqual((await status(lost)).status, "live")
    await pause(lost)
    assert.strictEqual((await status(lost)).status, "expired")
  })

  it("looks again at what was deleted, and does not believe it while it is there", async () => {
    const id = await deploy()
    host.next("remove", () => Effect.void)
    await expiry(id)
    assert.strictEqual(host.projects.size, 1)
    assert.strictEqual((await status(id)).status, "live")
    await pause(id)
    assert.strictEqual(host.projects.size, 0)
    assert.strictEqual((await status(id)).status, "expired")
  })

  it("is forgotten after a week, and nothing of it is left", async () => {
    const id = await deploy()
    await expiry(id)
    const { due } = await purchaseOf(id)
    assert.closeTo(due! - Date.now(), 7 * 86_400_000, 5_000)
    await pause(id)
    assert.strictEqual((await send(`/deployments/${id}`)).status, 404)
    await runInDurableObject(objectOf(id), async (_order, { storage }) => {
      assert.deepStrictEqual(storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'purchase'").toArray(), [])
      assert.isNull(await storage.getAlarm())
    })
    // And it can be bought again.
    assert.notStrictEqual(await deploy(), id)
  })

  it("of one purchase leaves another of the same order alone", async () => {
    const first = await deploy({ "idempotency-key": "a" })
    const second = await deploy({ "idempotency-key": "b" })
    await after(first, ({ id, answer, due }) =>
      id === first ? { answer: { ...answer!, expires_at: timestamp(Date.now() - 2000) } } : { due }
    )
    assert.strictEqual((await status(first)).status, "expired")
    assert.strictEqual((await status(second)).status, "live")
    await after(first, ({ id, due }) => (id === first ? {} : { due }))
    assert.strictEqual((await send(`/deployments/${first}`)).status, 404)
    assert.strictEqual((await status(second)).status, "live")
    assert.strictEqual(host.projects.size, 1)
  })
})

describe("an update in its object", () => {
  const newer = JSON.stringify({ files: { "index.ts": "export default 'newer'" } })
  const uploads = () => [...host.projects.values()].flatMap((project) => project.uploads)

  it("is taken once, and goes on by the alarm after the host was down", async () => {
    const id = await deploy()
    host.next("upload", down, down)
    assert.strictEqual((await problem(await call("PUT", `/deployments/${id}`, newer))).code, "deploy_failed")
    assert.strictEqual(uploads().length, 1)
    await pause(id)
    assert.strictEqual(uploads().length, 1)
    await pause(id)
    assert.strictEqual(uploads().length, 2)
    const { update, due, answer } = await purchaseOf(id)
    assert.isNull(update)
    assert.strictEqual(due, Date.parse(answer!.expires_at))
    assert.deepInclude(await status(id), { status: "live", last_failure: null })
  })

  it("goes on by the alarm after the object has ended in the middle of it", async () => {
    const id = await deploy()
    await runInDurableObject(objectOf(id), (_order, { storage }) => {
      const store = makePurchaseStore(storage)
      const upload = { main: "index.js", code: "newer", compatibilityFlags: [] }
      const update = { body: "b", key: "k", attempts: 0 }
      store.saveWithPayload({ ...store.byId(id)!, update, due: Date.now() - 1 }, upload)
    })
    assert.isTrue(await runDurableObjectAlarm(objectOf(id)))
    assert.strictEqual(uploads().at(-1)?.code, "newer")
  })

  it("does not outlive its deployment", async () => {
    const id = await deploy()
    host.next("upload", down)
    await call("PUT", `/deployments/${id}`, newer)
    await expiry(id)
    assert.strictEqual((await status(id)).status, "expired")
    const { update, due } = await purchaseOf(id)
    assert.isNull(update)
    assert.isAbove(due!, Date.now() + 86_400_000)
  })

  it("goes live in the place of code that the host had refused", async () => {
    host.next("upload", failsWith(new CodeRejected({ message: "boom" })))
    const failed = await problem(await call("POST", "/deploy", body))
    const id = String(failed.deployment_id)
    const response = await call("PUT", `/deployments/${id}`, newer)
    assert.strictEqual(response.status, 200, await response.clone().text())
    assert.strictEqual((await status(id)).status, "live")
    assert.strictEqual(payments.captured.size, 1)
  })

  it("leaves nothing behind for an unknown deployment", async () => {
    const known = await deploy()
    const id = `dep_${"0".repeat(26)}`
    const challenge = (await send(`/deployments/${known}`, { method: "PUT" })).headers.get("www-authenticate")
    const authorization = testCredential(challenge ?? "", "0xpayer")
    const response = await send(`/deployments/${id}`, {
      method: "PUT",
      body: newer,
      headers: { authorization, "content-type": "application/json" }
    })
    assert.strictEqual(response.status, 404)
    const verified = { payer: "0xpayer", key: "key_a", challengeId: "a", credential: "" }
    const terms = { operation: updateOf(id), bodyDigest: "b", price: "0", description: "" }
    const outcome = await objectOf(id).update({ id, terms, verified, files: {} })
    assert.include(JSON.stringify(outcome), "not_found")
    await runInDurableObject(objectOf(id), (_order, { storage }) =>
      assert.deepStrictEqual(storage.sql.exec("SELECT name FROM sqlite_master").toArray(), [])
    )
  })
})

describe("the sweep", () => {
  const expired = ["mpp-compute", "expires:1700000000"]
  const unknown = `dep_${"z".repeat(26)}`
  let calls = 0

  const scheduled = (headers: Record<string, string> = {}, at = Date.now() + ++calls) => {
    const signature = createHmac("sha256", cronSecret).update(`${at}.POST./__scheduled.0 * * * *`).digest("hex")
    const signed = { "x-jack-timestamp": String(at), "x-jack-signature": signature, "x-jack-cron": "0 * * * *" }
    return send("/__scheduled", { method: "POST", headers: { ...signed, ...headers } })
  }

  it("removes what is ours, over and nobody's, and touches nothing else", async () => {
    const live = await deploy()
    const liveProject = [...host.projects.values()][0]!
    const orphan = host.seed({ slug: "orphan", name: projectName(unknown), tags: expired })
    const broken = host.seed({ slug: "broken", name: projectName(unknown), status: "error" })
    const half = host.seed({ slug: "half", name: projectName(live), status: "error" })
    const untagged = host.seed({ slug: "untagged", name: projectName(unknown), tags: ["mpp-compute"] })
    const young = host.seed({ slug: "young", name: projectName(unknown), tags: [], createdAt: Date.now() - 60_000 })
    const later = host.seed({ slug: "later", name: projectName(unknown), tags: ["expires:99999999999"] })
    const foreign = host.seed({ slug: "foreign", name: "my-project", tags: expired, status: "error" })
    const response = await scheduled()
    assert.strictEqual(response.status, 200, await response.clone().text())
    assert.deepStrictEqual(await response.json(), { removed: 4, claimed: 0, failed: 0 })
    for (const { id } of [orphan, broken, half, untagged]) assert.isFalse(host.projects.has(id))
    for (const { id } of [liveProject, young, later, foreign]) assert.isTrue(host.projects.has(id))
  })

  it("leaves what an order claims to its order: live by its own word, or not delivered yet", async () => {
    const live = await deploy()
    const [project] = [...host.projects.values()]
    host.seed({ ...project!, tags: expired })
    body = body.replace("expiring", "undelivered")
    host.next("upload", down)
    const failed = await problem(await call("POST", "/deploy", body))
    const second = [...host.projects.values()].at(-1)!
    host.seed({ ...second, tags: expired })
    assert.deepStrictEqual(await (await scheduled()).json(), { removed: 0, claimed: 2, failed: 0 })
    assert.strictEqual(host.projects.size, 2)
    assert.notStrictEqual(failed.deployment_id, live)
  })

  it("goes on after one that cannot be deleted", async () => {
    host.seed({ slug: "one", name: projectName(unknown), tags: expired })
    host.seed({ slug: "two", name: projectName(unknown), tags: expired })
    host.next("remove", down, goesWell)
    assert.deepStrictEqual(await (await scheduled()).json(), { removed: 1, claimed: 0, failed: 1 })
    assert.deepStrictEqual(await (await scheduled()).json(), { removed: 1, claimed: 0, failed: 0 })
  })

  it("says that it could not be done when the control plane does not answer", async () => {
    host.next("list", down)
    assert.strictEqual((await problem(await scheduled())).status, 500)
  })

  it("takes each call once, also from another caller", async () => {
    // Later than any call before, which all bear about the time at which they were made.
    const at = Date.now() + 60_000
    assert.strictEqual((await scheduled({}, at)).status, 200)
    const again = await problem(await scheduled({}, at))
    assert.deepStrictEqual([again.status, again.code], [403, "forbidden"])
    const upper = createHmac("sha256", cronSecret)
      .update(`${at}.POST./__scheduled.0 * * * *`)
      .digest("hex")
      .toUpperCase()
    assert.strictEqual((await scheduled({ "x-jack-signature": upper }, at)).status, 403)
  })

  it("forgets a call once no clock would call it fresh", async () => {
    const claims = env.CLAIMS.get(env.CLAIMS.idFromName("forgetful"))
    const past = Date.now() - 1
    assert.isTrue(await claims.markUsed("a", past))
    assert.isTrue(await claims.markUsed("b", Date.now() + 60_000))
    assert.isFalse(await claims.markUsed("a", past))
    assert.isTrue(await runDurableObjectAlarm(claims))
    assert.isTrue(await claims.markUsed("a", Date.now() + 60_000))
    assert.isFalse(await claims.markUsed("b", Date.now() + 60_000))
    await runInDurableObject(claims, async (_once, { storage }) =>
      assert.isAbove((await storage.getAlarm())!, Date.now())
    )
  })

  it("is not for anybody who is not the platform", async () => {
    const orphan = host.seed({ slug: "orphan", name: projectName(unknown), tags: expired })
    const refused = [
      await send("/__scheduled", { method: "POST" }),
      await scheduled({ "x-jack-signature": "0".repeat(64) }),
      await scheduled({ "x-jack-signature": "nonsense" }),
      await scheduled({ "x-jack-cron": "*/5 * * * *" }),
      await scheduled({ "x-jack-timestamp": String(Date.now()) }),
      await scheduled({}, Date.now() - 6 * 60_000),
      await scheduled({}, Date.now() + 6 * 60_000)
    ]
    for (const response of refused) {
      const { status, code, charged } = await problem(response)
      assert.deepStrictEqual([status, code, charged], [403, "forbidden", false])
    }
    assert.isTrue(host.projects.has(orphan.id))
    const get = await problem(await send("/__scheduled"))
    assert.strictEqual(get.status, 405)
  })
})
