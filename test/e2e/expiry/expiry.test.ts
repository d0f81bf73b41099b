import { createHmac, randomBytes } from "node:crypto"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../../src/local/stack.ts"
import { controlPlaneClient } from "../local/support.ts"
import { run, startTestStack, walletOn } from "../support.ts"

// Deployments live 90 seconds, and there is no start check, so the host refuses code that does not start, after the charge.
const ttlHours = 0.025
const cronSecret = randomBytes(32).toString("hex")

let stack: Stack
let wallet: ReturnType<typeof walletOn>
let controlPlane: ReturnType<typeof controlPlaneClient>
/** The first deployment, which expires during this file, and a later one, which expires while the host is down. */
let first: Deployment
let later: Deployment
beforeAll(async () => {
  stack = await startTestStack(
    { TTL_HOURS: String(ttlHours), RESOURCES: "kv,d1,r2,durable_objects,assets" },
    { startCheck: false, cronSecret }
  )
  wallet = walletOn(stack)
  controlPlane = controlPlaneClient(stack.info.controlPlane, stack.info.controlPlaneToken)
})
afterAll(() => stack?.stop())

interface Deployment {
  readonly url: string
  readonly deployment_id: string
  readonly expires_at: string
}

const textServer = (text: string) =>
  JSON.stringify({ files: { "index.ts": `export default { fetch: () => new Response(${JSON.stringify(text)}) }` } })
/** A project with every kind of resource, which leaves an object in its bucket or takes it away again. */
const equipped = JSON.stringify({
  env: { API_KEY: "s3cret" },
  files: {
    "wrangler.json": JSON.stringify({
      main: "index.ts",
      kv_namespaces: [{ binding: "KV" }],
      d1_databases: [{ binding: "DB" }],
      r2_buckets: [{ binding: "FILES" }],
      durable_objects: { bindings: [{ name: "ROOM", class_name: "Room" }] },
      migrations: [{ tag: "v1", new_sqlite_classes: ["Room"] }],
      assets: { directory: "public", binding: "ASSETS" }
    }),
    "migrations/0001.sql": "CREATE TABLE t (a)",
    "public/a.txt": "static",
    "index.ts": `import { DurableObject } from "cloudflare:workers"
      export class Room extends DurableObject { keep() { return this.ctx.storage.put("a", 1) } }
      export default { async fetch(request, { KV, DB, FILES, ROOM }) {
        await Promise.all([KV.put("a", "b"), DB.exec("INSERT INTO t VALUES (1)"), FILES.put("a", "b"), ROOM.getByName("a").keep()])
        if (!request.url.endsWith("/leave")) await FILES.delete("a")
        return new Response("kept")
      } }`
  }
})
const throws = JSON.stringify({
  files: { "index.ts": "throw new Error('boom at start'); export default { fetch() {} }" }
})

const send = (method: string, path: string, body: string, by: Pick<typeof wallet, "fetch"> = wallet) =>
  by.fetch(`${stack.info.gateway}${path}`, { method, body, headers: { "content-type": "application/json" } })

const deploy = async (text: string): Promise<Deployment> => buy(textServer(text))
const buy = async (body: string): Promise<Deployment> => {
  const response = await send("POST", "/deploy", body)
  assert.strictEqual(response.status, 200, await response.clone().text())
  return (await response.json()) as Deployment
}
const update = (id: string, body: string, by?: Pick<typeof wallet, "fetch">) =>
  send("PUT", `/deployments/${id}`, body, by)

const status = async (id: string) =>
  (await (await fetch(`${stack.info.gateway}/deployments/${id}`)).json()) as Record<string, string | null>

const get = async (url: string) => (await fetch(url)).text()

const ours = async (): Promise<ReadonlyArray<{ readonly id: string; readonly name: string }>> =>
  (await controlPlane("GET", "projects")).json.projects.filter(({ name }) => name.startsWith("mpp-compute "))

const until = async (deadline: number, what: string, condition: () => Promise<boolean>) => {
  while (!(await condition())) {
    if (Date.now() > deadline) assert.fail(`${what}: not by ${new Date(deadline).toISOString()}`)
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

describe("an update", () => {
  it("from the stock client serves at the same URL until the same expiry, free", async () => {
    first = await deploy("one")
    assert.strictEqual(await get(first.url), "one")
    const before = { payer: await wallet.balance(), recipient: await wallet.balance(stack.info.recipient) }
    const response = await update(first.deployment_id, textServer("two"))
    assert.strictEqual(response.status, 200, await response.clone().text())
    assert.deepInclude(await response.json(), { ...first })
    assert.strictEqual(await get(first.url), "two")
    assert.strictEqual(await wallet.balance(stack.info.recipient), before.recipient)
    assert.strictEqual(await wallet.balance(), before.payer)
  })

  it("works from the stock command line client", async () => {
    const args = ["-X", "PUT", "-J", textServer("three"), "--rpc-url", stack.info.rpc, "-s"]
    const { code, stdout, stderr } = await run(
      "mppx",
      [`${stack.info.gateway}/deployments/${first.deployment_id}`, ...args],
      { MPPX_PRIVATE_KEY: stack.info.payerPrivateKey }
    )
    assert.strictEqual(code, 0, stdout + stderr)
    assert.include(stdout, first.deployment_id)
    assert.strictEqual(await get(first.url), "three")
  })

  it("from another wallet gets a 403", async () => {
    const other = walletOn(stack, `0x${randomBytes(32).toString("hex")}`)
    const response = await update(first.deployment_id, textServer("stolen"), other)
    const answer = (await response.json()) as Record<string, unknown>
    assert.deepStrictEqual([response.status, answer.code], [403, "forbidden"])
    assert.strictEqual(await get(first.url), "three")
  })

  it("of broken code leaves the earlier code serving", async () => {
    const broken = JSON.stringify({ files: { "index.ts": "export default {" } })
    const unbundled = await update(first.deployment_id, broken)
    assert.strictEqual(unbundled.status, 422)
    const refused = await update(first.deployment_id, throws)
    const answer = (await refused.json()) as Record<string, unknown>
    assert.deepStrictEqual([refused.status, answer.code, answer.fault], [502, "deploy_failed", "code"])
    assert.strictEqual(await get(first.url), "three")
    const { status: state, last_failure, expires_at } = await status(first.deployment_id)
    assert.deepStrictEqual([state, expires_at], ["live", first.expires_at])
    assert.match(String(last_failure), /boom at start/)
  })

  it("makes a deploy live that the host refused, with one PUT and no charge", async () => {
    const before = await wallet.balance(stack.info.recipient)
    const refused = await send("POST", "/deploy", throws)
    const answer = (await refused.json()) as Record<string, unknown>
    assert.deepStrictEqual([refused.status, answer.charged, answer.fault], [502, true, "code"], JSON.stringify(answer))
    const id = String(answer.deployment_id)
    assert.strictEqual((await status(id)).status, "failed")
    const paid = await wallet.balance(stack.info.recipient)
    assert.strictEqual(paid - before, 100_000n)
    const response = await update(id, textServer("mended"))
    assert.strictEqual(response.status, 200, await response.clone().text())
    later = (await response.json()) as Deployment
    assert.strictEqual(await get(later.url), "mended")
    assert.strictEqual((await status(id)).status, "live")
    assert.strictEqual(await wallet.balance(stack.info.recipient), paid)
  })
})

describe("the sweep", () => {
  const scheduled = (at: number, key = cronSecret) => {
    const signature = createHmac("sha256", key).update(`${at}.POST./__scheduled.0 * * * *`).digest("hex")
    return fetch(`${stack.info.gateway}/__scheduled`, {
      method: "POST",
      headers: { "x-jack-timestamp": String(at), "x-jack-signature": signature, "x-jack-cron": "0 * * * *" }
    })
  }
  const seed = async (name: string, tags: ReadonlyArray<string>): Promise<string> => {
    const slug = `seed-${randomBytes(4).toString("hex")}`
    const { id } = (await controlPlane("POST", "projects", { name, slug })).json.project
    await controlPlane("PUT", `projects/${id}/tags`, { tags })
    return id
  }
  const there = async (id: string) => (await controlPlane("GET", `projects/${id}`)).status === 200
  const orphan = `mpp-compute dep_${"z".repeat(26)}`
  const past = ["mpp-compute", "expires:1700000000"]

  it("deletes only projects that no order knows, once for each signed call", async () => {
    const [seeded, untagged, foreign] = [
      await seed(orphan, past),
      await seed(orphan, ["mpp-compute"]),
      await seed("my-project", past)
    ]
    const at = Date.now()
    const refused = [
      await fetch(`${stack.info.gateway}/__scheduled`, { method: "POST" }),
      await scheduled(at, "another key"),
      await scheduled(at - 600_000)
    ]
    for (const response of refused) assert.strictEqual(response.status, 403)
    assert.isTrue(await there(seeded))
    const response = await scheduled(at)
    assert.deepInclude(await response.json(), { removed: 1, failed: 0 })
    assert.deepStrictEqual(await Promise.all([seeded, untagged, foreign].map(there)), [false, true, true])
    assert.strictEqual((await scheduled(at)).status, 403)
    // The Worker's own cron runs the sweep, too.
    const another = await seed(orphan, past)
    await stack.gateway.scheduled()
    assert.isFalse(await there(another))
    for (const id of [untagged, foreign]) await controlPlane("DELETE", `projects/${id}`)
    assert.strictEqual(await get(first.url), "three")
  })
})

describe("an expired deployment", () => {
  it("disappears from the host and the control plane within 30 s, and has the status expired", async () => {
    // These deployments end at about the same time. One payer may have only a few in progress at once.
    const others: Array<Deployment> = []
    for (const batch of [0, 1])
      others.push(...(await Promise.all([0, 1, 2].map((i) => deploy(`other ${3 * batch + i}`)))))
    const over = Date.parse(first.expires_at)
    assert.isBelow(Date.now(), over)
    assert.strictEqual((await status(first.deployment_id)).status, "live")
    for (const path of ["/", "/leave"]) {
      // The same body once more is another purchase.
      const { url } = await buy(equipped)
      assert.strictEqual(await get(url + path), "kept")
    }
    const { workers, databases, namespaces, buckets } = stack.controlPlane!.inventory()
    for (const there of [workers, databases, namespaces, buckets]) assert.isAtLeast(there.length, 2)
    await until(over + 30_000, "expired", async () => (await status(first.deployment_id)).status === "expired")
    assert.isFalse((await ours()).some(({ name }) => name.includes(first.deployment_id)))
    assert.strictEqual((await fetch(first.url)).status, 404)
    const late = await fetch(`${stack.info.gateway}/deployments/${first.deployment_id}`, { method: "PUT" })
    assert.strictEqual(late.status, 410)
    for (const { deployment_id } of others) assert.strictEqual((await status(deployment_id)).status, "live")
  })

  it("disappears within 30 s after an outage of the control plane, like every other", async () => {
    const local = stack.controlPlane!
    const over = Date.parse(later.expires_at)
    assert.isBelow(Date.now(), over)
    await local.stop()
    await until(over + 30_000, "tried", async () =>
      String((await status(later.deployment_id)).last_failure).includes("has not deleted it yet")
    )
    await new Promise((resolve) => setTimeout(resolve, 10_000))
    assert.strictEqual((await status(later.deployment_id)).status, "live")
    await local.start()
    const back = Date.now()
    await until(back + 30_000, "expired", async () => (await status(later.deployment_id)).status === "expired")
    assert.strictEqual((await fetch(later.url)).status, 404)
    await until(Date.now() + ttlHours * 3_600_000 + 30_000, "nothing left", async () => (await ours()).length === 0)
    // Like Jack's host, this one cannot delete a bucket with an object in it, for which reason `RESOURCES` omits r2 by default.
    const { buckets, ...others } = stack.controlPlane!.inventory()
    assert.deepStrictEqual(others, { workers: [], databases: [], namespaces: [] })
    assert.strictEqual(buckets.length, 1)
    assert.strictEqual(readdirSync(join(stack.dir, "sites")).length, 1)
  })
})
