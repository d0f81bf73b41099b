import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { BundleRejected } from "../../../src/bundler/Bundler.ts"
import { type CodeRunner, RunnerUnavailable, StartFailed } from "../../../src/sandbox/CodeRunner.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { helloBody, makeGateway, type Parts, problem } from "../../support/gateway.ts"

const path = "/execute"
const body = JSON.stringify({ code: "export function run(input) { return input }", input: { a: 2 } })
const headers = { "idempotency-key": "k" }

/** A runner that answers its input, and counts runs. */
const echo = () => {
  const runs: Array<string | null> = []
  const run: CodeRunner["Service"]["run"] = (_, input) =>
    Effect.sync(() => {
      runs.push(input)
      return { ok: true, result: input ?? "null", durationMs: 3 }
    })
  return { runs, run }
}

const gatewayWith = (parts: Parts = {}) => {
  const { runs, run } = echo()
  return { ...makeGateway({ run, ...parts }), runs }
}

describe("POST /execute", () => {
  it("answers the result, the time and the limits, with a receipt", async () => {
    const { pay, payments } = gatewayWith()
    const response = await pay({ body, path })
    assert.strictEqual(await response.text(), '{"result":{"a":2},"duration_ms":3,"limits":{"cpu_ms_limit":50}}')
    assert.strictEqual(response.headers.get("content-type"), "application/json")
    assert.strictEqual(response.headers.get("cache-control"), "private")
    assert.isNotNull(response.headers.get("payment-receipt"))
    assert.deepStrictEqual(
      [...payments.captured.values()].map(({ price }) => price),
      ["0.01"]
    )
  })

  it("answers 200 with the code's error, and charges for the run", async () => {
    const error = { name: "TypeError", message: "bad", stack: "TypeError: bad" }
    const { pay, payments } = gatewayWith({ run: () => Effect.succeed({ ok: false, error, durationMs: 7 }) })
    const response = await pay({ body, path })
    assert.strictEqual(response.status, 200)
    assert.deepStrictEqual(await response.json(), { error, duration_ms: 7, limits: { cpu_ms_limit: 50 } })
    assert.isNotNull(response.headers.get("payment-receipt"))
    assert.strictEqual(payments.captured.size, 1)
  })

  it("refuses an input that is larger than a body once it is written in full", async () => {
    const { post, payments } = gatewayWith()
    const short = `[${"1e20,".repeat(800_000)}1]`
    const answer = await problem(await post(`{"code":"export const run = (it) => it","input":${short}}`, {}, path))
    assert.deepStrictEqual([answer.status, answer.code, answer.charged], [413, "code_too_large", false])
    assert.strictEqual(payments.captured.size, 0)
  })

  it("runs once for a key, and again for another", async () => {
    const { pay, payments, runs } = gatewayWith()
    const first = await (await pay({ body, path, headers })).text()
    const again = await pay({ body, path, headers })
    assert.strictEqual(again.headers.get("idempotent-replayed"), "true")
    assert.strictEqual(await again.text(), first)
    assert.strictEqual(runs.length, 1)
    assert.strictEqual(payments.captured.size, 1)
    assert.strictEqual((await pay({ body, path, headers: { "idempotency-key": "other" } })).status, 200)
    assert.strictEqual(runs.length, 2)
    assert.strictEqual(payments.captured.size, 2)
  })

  it("distinguishes an input of null from no input", async () => {
    const { pay, runs } = gatewayWith()
    await pay({ body: '{"code":"export default 1","input":null}', path })
    await pay({ body: '{"code":"export default 1"}', path })
    assert.deepStrictEqual(runs, ["null", null])
  })

  it("answers 503 without a loader and without a challenge", async () => {
    const { post, payments } = makeGateway()
    for (const sent of [body, null]) {
      const response = await post(sent, {}, path)
      const { code, status, missing } = await problem(response)
      assert.deepStrictEqual([code, status, missing], ["not_configured", 503, ["LOADER"]])
      assert.isNull(response.headers.get("www-authenticate"))
    }
    assert.strictEqual(payments.calls.challenge, 0)
  })

  for (const [what, sent, status, code] of [
    ["is no JSON", "{", 400, "invalid_request"],
    ["has no code", "{}", 400, "invalid_request"],
    ["is null", "null", 400, "invalid_request"],
    ["has code that is no string", '{"code":1}', 400, "invalid_request"],
    ["has code of spaces", '{"code":"  "}', 400, "invalid_request"],
    ["has too much code", JSON.stringify({ code: "é".repeat(256_001) }), 413, "code_too_large"]
  ] as const) {
    it(`refuses a body that ${what}`, async () => {
      const answer = await problem(await gatewayWith().post(sent, {}, path))
      assert.deepStrictEqual([answer.status, answer.code, answer.charged], [status, code, false])
    })
  }

  it("accepts code of exactly 512,000 bytes", async () => {
    const response = await gatewayWith().post(JSON.stringify({ code: "é".repeat(256_000) }), {}, path)
    assert.strictEqual(response.status, 402)
  })

  it("charges nothing for code that does not bundle or start as a run", async () => {
    const purposes: Array<string | undefined> = []
    const rejected = new BundleRejected({ diagnostics: [{ file: "index.ts", line: 1, column: 1, text: "no" }] })
    const unbundled = gatewayWith({
      bundle: (_, options) => {
        purposes.push(options?.purpose)
        return rejected
      }
    })
    assert.strictEqual((await problem(await unbundled.pay({ body, path }))).code, "bundle_failed")
    const unstarted = gatewayWith({
      check: (_, purpose) => {
        purposes.push(purpose)
        return new StartFailed({ message: "boom", certain: true })
      }
    })
    assert.strictEqual((await problem(await unstarted.pay({ body, path }))).code, "bundle_failed")
    assert.deepStrictEqual(purposes, ["run", "run"])
    assert.strictEqual(unbundled.payments.captured.size + unstarted.payments.captured.size, 0)
    assert.strictEqual(unstarted.runs.length, 0)
  })

  it("answers 502 if the runner is down after the payment, and runs the code free when it is back", async () => {
    let away = true
    const { run, runs } = echo()
    const gateway = makeGateway({
      run: (upload, input) => (away ? new RunnerUnavailable({ message: "gone" }) : run(upload, input))
    })
    const failed = await problem(await gateway.pay({ body, path, headers }))
    assert.deepStrictEqual(
      [failed.status, failed.code, failed.charged, failed["fault"]],
      [502, "execute_failed", true, "service"]
    )
    assert.deepStrictEqual(failed["retry"], { idempotency_key: "k" })
    away = false
    // This call has no key, because a client that starts over gets its owed run, too.
    const response = await gateway.pay({ body, path })
    assert.strictEqual(response.status, 200, await response.clone().text())
    assert.strictEqual(await (await gateway.pay({ body, path, headers })).text(), await response.text())
    assert.strictEqual(gateway.payments.captured.size, 1)
    assert.strictEqual(runs.length, 1)
  })

  it("answers pending, without a status URL, while the chain has not confirmed", async () => {
    const gateway = gatewayWith()
    gateway.payments.captures.push("lost")
    const pending = await problem(await gateway.pay({ body, path, headers }))
    assert.deepStrictEqual([pending.code, pending.charged, pending["status_url"]], ["payment_pending", null, null])
    assert.notInclude(pending.detail, "status_url")
    assert.strictEqual((await gateway.pay({ body, path, headers })).status, 200)
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("refuses a deploy's credential, and a deploy refuses a run's", async () => {
    const gateway = gatewayWith()
    for (const [sold, used, sent] of [
      [path, "/deploy", helloBody],
      ["/deploy", path, body]
    ] as const) {
      const authorization = testCredential(
        await gateway.challengeFor(sold === path ? body : helloBody, {}, sold),
        "0xpayer"
      )
      const refused = await problem(await gateway.post(sent, { authorization }, used))
      assert.deepStrictEqual([refused.status, refused.charged], [402, false])
      assert.match(refused.detail, /another operation/)
    }
    assert.strictEqual(gateway.payments.captured.size, 0)
  })

  it("keeps a result of a megabyte, and does not log it", async () => {
    const result = JSON.stringify("x".repeat(1_000_000))
    const gateway = gatewayWith({ run: () => Effect.succeed({ ok: true, result, durationMs: 1 }) })
    const { length } = await (await gateway.pay({ body, path, headers })).text()
    assert.isAbove(length, 1_000_000)
    assert.strictEqual((await (await gateway.pay({ body, path, headers })).text()).length, length)
    assert.notInclude(JSON.stringify(gateway.logs), "xxxx")
  })
})

describe("an execution's order", () => {
  it("has no status and cannot be updated", async () => {
    const gateway = gatewayWith()
    await gateway.pay({ body, path })
    const id = String(gateway.logs.find(({ message }) => message === "order")?.["deployment_id"])
    assert.match(id, /^dep_/)
    assert.strictEqual((await gateway.send(`/deployments/${id}`)).status, 404)
    const put = await gateway.send(`/deployments/${id}`, {
      method: "PUT",
      body: '{"files":{"index.ts":"export default {}"}}',
      headers: { "content-type": "application/json" }
    })
    assert.strictEqual(put.status, 404)
  })
})
