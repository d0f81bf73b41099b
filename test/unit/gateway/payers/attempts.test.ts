import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { assert, describe, it } from "vitest"
import { PaymentRejected } from "../../../../src/payment/PaymentService.ts"
import { BundleRejected, type Bundler } from "../../../../src/bundler/Bundler.ts"
import { testBundle } from "../../../../src/bundler/testing.ts"
import { CodeRejected } from "../../../../src/control-plane/ControlPlaneClient.ts"
import { failsWith } from "../../../../src/control-plane/testing.ts"
import { RunnerUnavailable } from "../../../../src/sandbox/CodeRunner.ts"
import { testCredential } from "../../../../src/payment/testing.ts"
import { helloBody, makeGateway, problem, testSettings } from "../../../support/gateway.ts"

const bodyOf = (source: string) => JSON.stringify({ files: { "index.ts": source } })
const program = testBundle({ code: "" })

/** A gateway whose builds of "bad" sources fail, with a count of all builds. */
const makeCounted = (parts: Parameters<typeof makeGateway>[0] = {}) => {
  const count = { builds: 0 }
  const bundle: Bundler["Service"]["bundle"] = (files) =>
    Effect.suspend(() => {
      count.builds++
      return String(files["index.ts"]).startsWith("bad")
        ? Effect.fail(new BundleRejected({ diagnostics: [{ file: "index.ts", line: 1, column: 0, text: "no" }] }))
        : Effect.succeed(program)
    })
  return { ...makeGateway({ bundle, settings: { ...testSettings, MAX_LIVE_PER_PAYER: "1000" }, ...parts }), count }
}
type Gateway = ReturnType<typeof makeCounted>

/** Makes sixty failing builds, each of another source. */
const exhaust = async ({ pay }: Gateway) => {
  for (let at = 0; at < 60; at++) assert.strictEqual((await pay({ body: bodyOf(`bad ${at}`) })).status, 422)
}

const update = async ({ send }: Gateway, id: string, body: string) => {
  const put = (headers: Record<string, string> = {}) =>
    send(`/deployments/${id}`, { method: "PUT", body, headers: { "content-type": "application/json", ...headers } })
  const challenge = (await put()).headers.get("www-authenticate") ?? ""
  return put({ authorization: testCredential(challenge, "0xpayer") })
}

describe("a payer whose attempts fail", () => {
  it("gets a 429 after 60 failures in an hour, and no question to the chain or build for the next", async () => {
    const gateway = makeCounted()
    await exhaust(gateway)
    const { authorize } = gateway.payments.calls
    const response = await gateway.pay({ body: bodyOf("good") })
    const { status, code, charged, detail } = await problem(response.clone())
    assert.deepStrictEqual([status, code, charged], [429, "too_many_attempts", false])
    assert.match(detail, /60 attempts .* within an hour\. Nothing was charged\. Try again in \d+ seconds/)
    assert.isAbove(Number(response.headers.get("retry-after")), 3_500)
    assert.deepStrictEqual([gateway.count.builds, gateway.payments.calls.authorize], [60, authorize])
    assert.strictEqual((await gateway.pay({ body: bodyOf("good"), payer: "0xother" })).status, 200)
  })

  it("is not locked out by copies of its old credential", async () => {
    const gateway = makeCounted()
    const stale = new PaymentRejected({ problem: "payment-expired", detail: "The challenge has expired." })
    gateway.payments.authorizations.push(...Array.from({ length: 70 }, () => stale))
    for (let at = 0; at < 70; at++) assert.strictEqual((await gateway.pay({ body: bodyOf(`old ${at}`) })).status, 402)
    assert.strictEqual((await gateway.pay({ body: bodyOf("good") })).status, 200)
  })

  it("has the same limit for executions", async () => {
    const gateway = makeCounted({ run: () => Effect.succeed({ ok: true, result: "1", durationMs: 1 }) })
    await exhaust(gateway)
    const refused = await problem(await gateway.pay({ path: "/execute", body: '{"code":"export const run = 1"}' }))
    assert.deepStrictEqual([refused.status, refused.code], [429, "too_many_attempts"])
  })

  it("still gets its answers, joins orders and receives owed deploys", async () => {
    const gateway = makeCounted()
    const finished = await gateway.pay({ body: bodyOf("finished"), headers: { "idempotency-key": "k" } })
    assert.strictEqual(finished.status, 200)
    gateway.host.next("upload", failsWith(new CodeRejected({ message: "boom" })))
    const owed = await problem(await gateway.pay({ body: bodyOf("owed") }))
    assert.strictEqual(owed.code, "deploy_failed")
    await exhaust(gateway)

    const again = await gateway.pay({ body: bodyOf("finished"), headers: { "idempotency-key": "k" } })
    assert.deepStrictEqual(await again.json(), await finished.json())
    const mended = await update(gateway, String(owed["deployment_id"]), bodyOf("mended"))
    assert.strictEqual(mended.status, 200, await mended.text())
    const captured = gateway.payments.captured.size
    assert.strictEqual((await gateway.pay({ body: bodyOf("owed") })).status, 429, "another one would be a purchase")
    assert.strictEqual(gateway.payments.captured.size, captured)
  })

  it("resumes an owed deploy by a call", async () => {
    const gateway = makeCounted()
    gateway.host.next("upload", failsWith(new CodeRejected({ message: "boom" })))
    assert.strictEqual((await problem(await gateway.pay({ body: bodyOf("owed") }))).code, "deploy_failed")
    await exhaust(gateway)
    const resumed = await gateway.pay({ body: bodyOf("owed") })
    assert.strictEqual(resumed.status, 200, await resumed.text())
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("gets a known failure without an attempt", async () => {
    const gateway = makeCounted()
    for (let at = 0; at < 70; at++) assert.strictEqual((await gateway.pay({ body: bodyOf("bad") })).status, 422)
    assert.strictEqual(gateway.count.builds, 1)
    assert.strictEqual((await gateway.pay()).status, 200)
  })

  it("is refused without a question to the chain once its payments have failed too often", async () => {
    const gateway = makeCounted()
    gateway.payments.broke.add("0xpayer")
    for (let at = 0; at < 60; at++) assert.strictEqual((await gateway.pay({ body: bodyOf(`${at}`) })).status, 402)
    assert.strictEqual((await gateway.pay()).status, 429)
    assert.deepStrictEqual([gateway.payments.calls.authorize, gateway.count.builds], [60, 0])
  })

  it("cannot send one credential again and again", async () => {
    const gateway = makeCounted({
      check: () => Effect.die(new Error("a defect")),
      run: () => Effect.die(new Error("not asked"))
    })
    const authorization = testCredential(await gateway.challengeFor(), "0xpayer")
    const answers = new Set<number>()
    for (let at = 0; at < 61; at++) answers.add((await gateway.post(helloBody, { authorization })).status)
    assert.deepStrictEqual([...answers], [500, 429])
    assert.strictEqual(gateway.count.builds, 60)
  })
})

describe("an attempt", () => {
  it("no longer counts once it is paid", async () => {
    const gateway = makeCounted()
    for (let at = 0; at < 70; at++) assert.strictEqual((await gateway.pay({ body: bodyOf(`${at}`) })).status, 200)
  })

  it("counts until the chain confirms the payment", async () => {
    const gateway = makeCounted()
    for (let at = 0; at < 60; at++) {
      gateway.payments.captures.push("lost")
      assert.strictEqual((await problem(await gateway.pay({ body: bodyOf(`${at}`) }))).code, "payment_pending")
    }
    assert.strictEqual((await gateway.pay({ body: bodyOf("more") })).status, 429)
    assert.strictEqual((await gateway.pay({ body: bodyOf("0") })).status, 200)
    assert.strictEqual((await gateway.pay({ body: bodyOf("more") })).status, 200)
  })

  it("does not count if the service could not build or reach the chain", async () => {
    const down = new RunnerUnavailable({ message: "down" })
    const gateway = makeCounted({ check: () => Effect.fail(down), run: () => Effect.fail(down) })
    for (let at = 0; at < 61; at++) assert.strictEqual((await problem(await gateway.pay())).code, "busy")
    gateway.payments.down = true
    for (let at = 0; at < 61; at++) assert.strictEqual((await problem(await gateway.pay())).code, "payment_unavailable")
  })

  it("is limited to four at a time", async () => {
    let open = () => {}
    const opened = new Promise<void>((resolve) => (open = resolve))
    let builds = 0
    const gateway = makeGateway({
      bundle: () =>
        Effect.andThen(
          Effect.promise(() => (builds++, opened)),
          Effect.succeed(program)
        )
    })
    const answers = Array.from({ length: 50 }, (_, at) => gateway.pay({ body: bodyOf(`${at}`) }))
    const early = await Effect.runPromise(
      Effect.suspend(() =>
        gateway.logs.filter(({ status }) => status === 429).length === 46 ? Effect.succeed(true) : Effect.fail("wait")
      ).pipe(Effect.retry(Schedule.spaced("10 millis")), Effect.timeout("5 seconds"))
    )
    assert.isTrue(early)
    assert.isAtMost(builds, 4)
    open()
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    assert.strictEqual(statuses.filter((status) => status === 200).length, 4)
  })
})

describe("updates", () => {
  it("may fail 60 times an hour, apart from purchases", async () => {
    const gateway = makeCounted()
    const { deployment_id: id } = (await (await gateway.pay()).json()) as { deployment_id: string }
    for (let at = 0; at < 70; at++) assert.strictEqual((await update(gateway, id, bodyOf(`${at}`))).status, 200)
    for (let at = 0; at < 60; at++) assert.strictEqual((await update(gateway, id, bodyOf(`bad ${at}`))).status, 422)
    const { builds } = gateway.count
    const response = await update(gateway, id, bodyOf("good"))
    assert.isAbove(Number(response.headers.get("retry-after")), 3_500)
    const { status, code, charged, detail } = await problem(response)
    assert.deepStrictEqual([status, code, charged], [429, "too_many_attempts", true])
    assert.include(detail, "The deployment is as it was.")
    assert.strictEqual(gateway.count.builds, builds)
    assert.strictEqual((await gateway.pay({ body: bodyOf("another") })).status, 200)
  })
})
