import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { BundleRejected } from "../../../../src/bundler/Bundler.ts"
import { testBundle } from "../../../../src/bundler/testing.ts"
import { ControlPlaneUnavailable } from "../../../../src/control-plane/ControlPlaneClient.ts"
import { failsWith } from "../../../../src/control-plane/testing.ts"
import { testCredential } from "../../../../src/payment/testing.ts"
import { asUpdate, deployment, helloBody, makeGateway, problem, testSettings } from "../../../support/gateway.ts"

type Gateway = ReturnType<typeof makeGateway>

const run = () => Effect.succeed({ ok: true as const, result: "5", durationMs: 1 })
const codeBody = JSON.stringify({ code: "export const run = () => 5" })
const down = failsWith(new ControlPlaneUnavailable({ message: "down" }))

const deploy = (gateway: Gateway, key: string, payer = "0xpayer") =>
  gateway.pay({ payer, headers: { "idempotency-key": key } })

/** Makes a call with whatever its challenge asks for. */
const call = async (gateway: Gateway, method: string, path: string, body?: string, payer = "0xpayer") => {
  const init = { method, ...(body !== undefined && { body }), headers: { "content-type": "application/json" } }
  const asked = await gateway.send(path, init)
  if (asked.status !== 402) return asked
  const authorization = testCredential(asked.headers.get("www-authenticate") ?? "", payer)
  return gateway.send(path, { ...init, headers: { ...init.headers, authorization } })
}

const renew = (gateway: Gateway, id: string, payer?: string) =>
  call(gateway, "POST", `/deployments/${id}/renew`, undefined, payer)

/** Everything that a payer may do with a deployment while nothing is sold to them. */
const assertServed = async (gateway: Gateway, id: string, key: string) => {
  const captured = gateway.payments.captured.size
  const replay = await deploy(gateway, key)
  assert.strictEqual(replay.status, 200, await replay.clone().text())
  assert.strictEqual((await deployment(replay)).deployment_id, id)
  const path = `/deployments/${id}`
  assert.strictEqual((await call(gateway, "PUT", path, asUpdate(`${helloBody} `))).status, 200)
  assert.strictEqual((await call(gateway, "GET", "/deployments")).status, 200)
  assert.strictEqual((await call(gateway, "DELETE", path)).status, 200)
  assert.strictEqual(gateway.payments.captured.size, captured)
}

describe("a payer whom the operator denies", () => {
  it("buys nothing, pays nothing, and reads the reason, until allowed again", async () => {
    const gateway = makeGateway({ run })
    const { deployment_id: id } = await deployment(await deploy(gateway, "a", "0xother"))
    await gateway.atPayers(({ deny }) => deny("0xPayer", "It served malware."))
    const preparations = () => gateway.spans.filter(({ name }) => name === "OrderWorkflow.prepare").length
    const prepared = preparations()
    for (const answer of [
      await deploy(gateway, "b"),
      await gateway.pay({ path: "/execute", body: codeBody }),
      await renew(gateway, id)
    ]) {
      const refused = await problem(answer)
      assert.deepInclude(refused, { status: 403, code: "denied", charged: false })
      assert.include(refused.detail, "It served malware.")
    }
    assert.strictEqual(gateway.payments.captured.size, 1)
    assert.isAbove(prepared, 0)
    assert.strictEqual(preparations(), prepared)
    assert.strictEqual((await renew(gateway, id, "0xother")).status, 200)
    // Refusals are no failed attempts.
    for (let tries = 0; tries < 61; tries++) assert.strictEqual((await deploy(gateway, "b")).status, 403)
    await gateway.atPayers(({ allow }) => allow("0xpayer"))
    assert.strictEqual((await deploy(gateway, "b")).status, 200)
  })

  it("gets what was paid for before: a delivery that is owed, its answer, updates and a delete", async () => {
    const gateway = makeGateway()
    gateway.host.next("create", down)
    const owed = await problem(await deploy(gateway, "a"))
    assert.deepInclude(owed, { code: "deploy_failed", charged: true })
    await gateway.atPayers(({ deny }) => deny("0xpayer", "It served malware."))
    const id = String(owed["deployment_id"])
    assert.strictEqual((await deployment(await deploy(gateway, "a"))).deployment_id, id)
    await assertServed(gateway, id, "a")
  })
})

describe("a refusal of the operator", () => {
  it("takes no place among the payer's deployments", async () => {
    const gateway = makeGateway({ settings: { ...testSettings, MAX_LIVE_PER_PAYER: "1" } })
    await gateway.atPayers(({ deny }) => deny("0xpayer", "It served malware."))
    assert.strictEqual((await deploy(gateway, "a")).status, 403)
    await gateway.atPayers(({ allow }) => allow("0xpayer"))
    assert.strictEqual((await deploy(gateway, "a")).status, 200)
  })

  it("comes before that of a payer without a place", async () => {
    const gateway = makeGateway({ settings: { ...testSettings, MAX_LIVE_PER_PAYER: "1" } })
    await deployment(await deploy(gateway, "a"))
    await gateway.atPayers(({ deny }) => deny("0xpayer", "It served malware."))
    assert.strictEqual((await problem(await deploy(gateway, "b"))).code, "denied")
  })
})

describe("sales", () => {
  it("paused by the operator's switch sell nothing to anybody, quote prices, and serve what is paid for", async () => {
    const gateway = makeGateway({ run })
    const { deployment_id: id } = await deployment(await deploy(gateway, "a"))
    await gateway.atPayers(({ pause }) => pause("We look into a fault."))
    for (const answer of [
      await deploy(gateway, "b"),
      await gateway.pay({ path: "/execute", body: codeBody }),
      await renew(gateway, id)
    ]) {
      const refused = await problem(answer)
      assert.deepInclude(refused, { status: 503, code: "sales_paused", charged: false, retry_after: 60 })
      assert.include(refused.detail, "We look into a fault.")
      assert.strictEqual(answer.headers.get("retry-after"), "60")
    }
    assert.strictEqual((await gateway.post()).status, 402)
    assert.deepInclude(await gateway.atPayers(({ state }) => state), { denied: [] })
    await assertServed(gateway, id, "a")
    await gateway.atPayers(({ resume }) => resume)
    assert.strictEqual((await deploy(gateway, "b")).status, 200)
    assert.deepStrictEqual(await gateway.atPayers(({ state }) => state), { paused: null, denied: [] })
  })

  it("switched off by the setting are refused at once, also without a credential", async () => {
    const settings: Record<string, string> = { ...testSettings }
    const gateway = makeGateway({ settings: { ...settings, SALES: "off" }, run })
    for (const [path, body] of [
      ["/deploy", helloBody],
      ["/execute", codeBody]
    ] as const) {
      const refused = await gateway.post(body, {}, path)
      assert.deepInclude(await problem(refused), { status: 503, code: "sales_paused", charged: false })
      assert.strictEqual(refused.headers.get("retry-after"), "60")
      assert.isNull(refused.headers.get("www-authenticate"))
    }
    // A credential may have paid before, so the order decides.
    const authorization = testCredential(await makeGateway({ settings }).challengeFor(), "0xpayer")
    assert.strictEqual((await problem(await gateway.post(helloBody, { authorization }))).code, "sales_paused")
    assert.strictEqual(gateway.payments.captured.size, 0)
  })
})

describe("a client who repeats a paid call while the setting stops sales", () => {
  const settings = { ...testSettings, SALES: "off" }

  it("gets a challenge with its key, as owed orders need one, and a new purchase is refused uncharged", async () => {
    const gateway = makeGateway({ settings, run })
    for (const [path, body] of [
      ["/deploy", helloBody],
      ["/execute", codeBody]
    ] as const) {
      const asked = await gateway.post(body, { "idempotency-key": "mine" }, path)
      assert.strictEqual(asked.status, 402)
      const authorization = testCredential(asked.headers.get("www-authenticate") ?? "", "0xpayer")
      const refused = await problem(await gateway.post(body, { "idempotency-key": "mine", authorization }, path))
      assert.deepInclude(refused, { status: 503, code: "sales_paused", charged: false })
    }
    assert.strictEqual(gateway.payments.captured.size, 0)
  })
})

describe("a payer with as many deployments as one may have", () => {
  const full = { ...testSettings, MAX_LIVE_PER_PAYER: "2" }

  it("gets no other before one ends, and is not charged; runs and renewals do not count", async () => {
    const gateway = makeGateway({ settings: full, run })
    const [one, two] = [await deployment(await deploy(gateway, "a")), await deployment(await deploy(gateway, "b"))]
    const answer = await deploy(gateway, "c")
    const refused = await problem(answer)
    assert.deepInclude(refused, {
      status: 429,
      code: "too_many_deployments",
      charged: false,
      ends_at: [one.expires_at, two.expires_at].toSorted()[0]
    })
    assert.closeTo(Number(refused["retry_after"]), 86_400, 10)
    assert.strictEqual(answer.headers.get("retry-after"), String(refused["retry_after"]))
    assert.strictEqual(gateway.payments.captured.size, 2)
    assert.strictEqual((await gateway.pay({ path: "/execute", body: codeBody })).status, 200)
    assert.strictEqual((await renew(gateway, one.deployment_id)).status, 200)
    assert.strictEqual((await deploy(gateway, "d", "0xother")).status, 200)
    assert.strictEqual((await deploy(gateway, "a")).status, 200)
    assert.strictEqual((await call(gateway, "DELETE", `/deployments/${two.deployment_id}`)).status, 200)
    assert.strictEqual((await deploy(gateway, "c")).status, 200)
    // The renewed one ends later now, so the next end is that of the newest.
    assert.strictEqual((await problem(await deploy(gateway, "e"))).code, "too_many_deployments")
  })

  it("loses no place to a purchase that fails", async () => {
    let broken = true
    const bundle = () =>
      broken ? Effect.fail(new BundleRejected({ diagnostics: [], certain: false })) : Effect.succeed(testBundle())
    const gateway = makeGateway({ settings: { ...full, MAX_LIVE_PER_PAYER: "1" }, bundle })
    for (const key of ["a", "b", "c"]) assert.strictEqual((await deploy(gateway, key)).status, 422)
    gateway.payments.captures.push("reverted")
    broken = false
    assert.strictEqual((await deploy(gateway, "d")).status, 402)
    assert.strictEqual((await deploy(gateway, "e")).status, 200)
    assert.strictEqual((await deploy(gateway, "f")).status, 429)
  })

  it("gets exactly as many of fifty at once", async () => {
    const gateway = makeGateway({ settings: { ...full, MAX_LIVE_PER_PAYER: "20" } })
    const buy = async (count: number) => {
      const body = JSON.stringify({ files: { "index.ts": `export default ${count}` } })
      for (;;) {
        const answer = await gateway.pay({ body })
        if (answer.status === 200) return "live"
        const { code, charged } = await problem(answer)
        if (code !== "too_many_attempts") return `${code} ${String(charged)}`
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    const answers = await Promise.all(Array.from({ length: 50 }, (_, count) => buy(count)))
    assert.strictEqual(answers.filter((answer) => answer === "live").length, 20)
    assert.strictEqual(answers.filter((answer) => answer === "too_many_deployments false").length, 30)
    assert.strictEqual(gateway.payments.captured.size, 20)
    assert.strictEqual(gateway.host.projects.size, 20)
  })
})
