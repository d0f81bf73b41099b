import { createHmac } from "node:crypto"
import { env, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { assert, beforeEach, describe, it } from "vitest"
import { goesWell } from "../../../src/control-plane/testing.ts"
import { projectName } from "../../../src/control-plane/slug.ts"
import { problem } from "../../support/gateway.ts"
import { cronSecret, host } from "../main.ts"
import { call, deploy, down, next, reset, send } from "./support.ts"

beforeEach(reset)

describe("the sweep", () => {
  const expired = ["mpp-compute", "expires:1700000000"]
  const unknown = `dep_${"z".repeat(26)}`
  let calls = 0

  const scheduled = (headers: Record<string, string> = {}, at = Date.now() + ++calls) => {
    const signature = createHmac("sha256", cronSecret).update(`${at}.POST./__scheduled.0 * * * *`).digest("hex")
    const signed = { "x-jack-timestamp": String(at), "x-jack-signature": signature, "x-jack-cron": "0 * * * *" }
    return send("/__scheduled", { method: "POST", headers: { ...signed, ...headers } })
  }

  it("deletes the gateway's expired projects that no order claims, and no others", async () => {
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

  it("leaves projects to the orders that claim them, whether live or undelivered", async () => {
    const live = await deploy()
    const [project] = [...host.projects.values()]
    host.seed({ ...project!, tags: expired })
    next.body = next.body.replace("expiring", "undelivered")
    host.next("upload", down)
    const failed = await problem(await call("POST", "/deploy", next.body))
    const second = [...host.projects.values()].at(-1)!
    host.seed({ ...second, tags: expired })
    assert.deepStrictEqual(await (await scheduled()).json(), { removed: 0, claimed: 2, failed: 0 })
    assert.strictEqual(host.projects.size, 2)
    assert.notStrictEqual(failed.deployment_id, live)
  })

  it("continues after a project that cannot be deleted", async () => {
    host.seed({ slug: "one", name: projectName(unknown), tags: expired })
    host.seed({ slug: "two", name: projectName(unknown), tags: expired })
    host.next("remove", down, goesWell)
    assert.deepStrictEqual(await (await scheduled()).json(), { removed: 1, claimed: 0, failed: 1 })
    assert.deepStrictEqual(await (await scheduled()).json(), { removed: 1, claimed: 0, failed: 0 })
  })

  it("answers 500 when the control plane does not answer", async () => {
    host.next("list", down)
    assert.strictEqual((await problem(await scheduled())).status, 500)
  })

  it("accepts each call once, even with its signature in upper case", async () => {
    // This call is later than the earlier ones, which all have about the current time.
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

  it("forgets a call once its timestamp is too old for any clock", async () => {
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

  it("refuses callers other than the platform", async () => {
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
