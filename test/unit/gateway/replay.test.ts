import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { BundleRejected } from "../../../src/bundler/Bundler.ts"
import { testBundle } from "../../../src/bundler/testing.ts"
import { ControlPlaneUnavailable } from "../../../src/control-plane/ControlPlaneClient.ts"
import { failsWith } from "../../../src/control-plane/testing.ts"
import { BUILDS } from "../../../src/orders/build/slots.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { deployment, helloBody, makeGateway, problem } from "../../support/gateway.ts"

const bundled = testBundle({ main: "index.js", code: "" })
const unavailable = failsWith(new ControlPlaneUnavailable({ message: "down" }))

describe("an order", () => {
  it("answers the same again to the same key, and discards the second credential", async () => {
    const gateway = makeGateway()
    const headers = { "idempotency-key": "k" }
    const first = await gateway.pay({ headers })
    assert.isNull(first.headers.get("idempotent-replayed"))
    const again = await gateway.pay({ headers })
    assert.deepStrictEqual(await deployment(again), await deployment(first))
    assert.isNotNull(again.headers.get("payment-receipt"))
    assert.strictEqual(again.headers.get("idempotent-replayed"), "true")
    assert.strictEqual(gateway.payments.captured.size, 1)
    assert.strictEqual(gateway.host.projects.size, 1)
  })

  it("is a new purchase under another key", async () => {
    const gateway = makeGateway()
    const first = await deployment(await gateway.pay({ headers: { "idempotency-key": "a" } }))
    const second = await deployment(await gateway.pay({ headers: { "idempotency-key": "b" } }))
    assert.notStrictEqual(second.deployment_id, first.deployment_id)
    assert.strictEqual(gateway.payments.captured.size, 2)
  })

  it("cannot be reached by another payer with a copied key", async () => {
    const gateway = makeGateway()
    const headers = { "idempotency-key": "k" }
    const first = await deployment(await gateway.pay({ headers }))
    const second = await deployment(await gateway.pay({ headers, payer: "0xother" }))
    assert.notStrictEqual(second.deployment_id, first.deployment_id)
  })

  it("charges one credential once when it is sent 50 times at once", async () => {
    const gateway = makeGateway()
    const authorization = testCredential(await gateway.challengeFor(), "0xp")
    const responses = await Promise.all(
      Array.from({ length: 50 }, () => gateway.post(helloBody, { authorization }).then(deployment))
    )
    assert.strictEqual(new Set(responses.map(({ deployment_id }) => deployment_id)).size, 1)
    assert.strictEqual(gateway.payments.captured.size, 1)
    assert.strictEqual(gateway.host.projects.size, 1)
  })

  it("charges one credential once when it is sent under ten keys", async () => {
    const gateway = makeGateway()
    const key = (index: number) => ({ "idempotency-key": `k${index}` })
    const authorization = testCredential(await gateway.challengeFor(helloBody, key(0)), "0xp")
    const responses = await Promise.all(
      Array.from({ length: 10 }, (_, index) => gateway.post(helloBody, { authorization, ...key(index) }))
    )
    assert.deepStrictEqual(
      responses.map(({ status }) => status),
      Array.from({ length: 10 }, () => 200)
    )
    const answers = await Promise.all(responses.map((response) => response.text()))
    assert.strictEqual(new Set(answers).size, 1)
    assert.strictEqual(gateway.payments.captured.size, 1)
    assert.strictEqual(gateway.host.projects.size, 1)
  })

  it("asks a credential that has paid for no more money, even if its caller adds a key", async () => {
    const gateway = makeGateway()
    const authorization = testCredential(await gateway.challengeFor(), "0xp")
    const paid = await deployment(await gateway.post(helloBody, { authorization }))
    const headers = { "idempotency-key": "found later" }
    const answer = await problem(await gateway.post(helloBody, { authorization, ...headers }))
    assert.deepStrictEqual([answer.status, answer.code, answer.charged], [409, "wrong_idempotency_key", true])
    const { idempotency_key: key = "" } = answer["retry"] as { idempotency_key?: string }
    const again = await gateway.post(helloBody, { authorization, "idempotency-key": key })
    assert.deepStrictEqual(await deployment(again), paid)
    assert.strictEqual(gateway.payments.captured.size, 1)
    // A stranger who has seen the credential cannot take a key with it: the key still buys a purchase of its own.
    const second = await deployment(await gateway.pay({ payer: "0xp", headers }))
    assert.notStrictEqual(second.deployment_id, paid.deployment_id)
    assert.strictEqual(gateway.payments.captured.size, 2)
  })

  it("answers a key with its own purchase in progress, not with an owed one under another key", async () => {
    const gateway = makeGateway({ bundle: () => Effect.delay(Effect.succeed(bundled), "50 millis") })
    const [first, second] = [{ "idempotency-key": "k1" }, { "idempotency-key": "k2" }]
    const credential = async (headers: Record<string, string>) => ({
      ...headers,
      authorization: testCredential(await gateway.challengeFor(helloBody, headers), "0xp")
    })
    const [one, two, again] = [await credential(first), await credential(second), await credential(second)]
    gateway.host.next("create", unavailable)
    const failed = gateway.post(helloBody, one)
    await new Promise((resolve) => setTimeout(resolve, 25))
    const made = gateway.post(helloBody, two)
    assert.strictEqual((await failed).status, 502)
    const [answer, repeated] = await Promise.all([made, gateway.post(helloBody, again)])
    assert.deepStrictEqual(await repeated.json(), await answer.json())
  })

  it("accepts an unused credential only under the key of its challenge", async () => {
    const gateway = makeGateway()
    const authorization = testCredential(await gateway.challengeFor(helloBody, { "idempotency-key": "a" }), "0xp")
    const refused = await gateway.post(helloBody, { authorization, "idempotency-key": "b" })
    assert.match((await problem(refused)).detail, /another Idempotency-Key/)
    assert.strictEqual(gateway.payments.captured.size, 0)
    const fresh = testCredential(refused.headers.get("www-authenticate") ?? "", "0xp")
    await deployment(await gateway.post(helloBody, { authorization: fresh, "idempotency-key": "b" }))
    await deployment(await gateway.post(helloBody, { authorization, "idempotency-key": "a" }))
    assert.strictEqual(gateway.payments.captured.size, 2)
  })

  it("refuses a used challenge, and takes no money for the fresh one", async () => {
    const gateway = makeGateway()
    const authorization = testCredential(await gateway.challengeFor(), "0xp")
    const first = await deployment(await gateway.post(helloBody, { authorization }))
    const refused = await gateway.post(helloBody, { authorization })
    assert.strictEqual((await problem(refused)).type, "https://paymentauth.org/problems/invalid-challenge")
    const fresh = testCredential(refused.headers.get("www-authenticate") ?? "", "0xp")
    assert.deepStrictEqual(await deployment(await gateway.post(helloBody, { authorization: fresh })), first)
    assert.strictEqual(gateway.payments.captured.size, 1)
    // The fresh challenge is used now, too.
    assert.strictEqual((await gateway.post(helloBody, { authorization: fresh })).status, 402)
  })

  it("resumes an undelivered purchase for a call without a key", async () => {
    const gateway = makeGateway()
    gateway.host.next("create", unavailable)
    const failed = await problem(await gateway.pay())
    const body = await deployment(await gateway.pay())
    assert.strictEqual(body.deployment_id, failed.deployment_id)
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("charges nothing for calls with the answered key, before and after delivery", async () => {
    const gateway = makeGateway()
    gateway.host.next("create", unavailable)
    const { retry } = (await problem(await gateway.pay())) as { retry?: { idempotency_key: string } } & object
    const headers = { "idempotency-key": retry?.idempotency_key ?? "" }
    const first = await deployment(await gateway.pay({ headers }))
    assert.deepStrictEqual(await deployment(await gateway.pay({ headers })), first)
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("finds a payment whose answer was lost, and delivers it", async () => {
    const gateway = makeGateway()
    gateway.payments.captures.push("lost")
    assert.strictEqual((await problem(await gateway.pay())).code, "payment_pending")
    await deployment(await gateway.pay())
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("makes one purchase for two keys at once while the first is undelivered", async () => {
    const gates: Array<() => void> = []
    const gateway = makeGateway({
      check: () => Effect.callback((resume) => void gates.push(() => resume(Effect.void)))
    })
    gateway.host.next("create", unavailable)
    const first = gateway.pay({ headers: { "idempotency-key": "a" } })
    const second = gateway.pay({ headers: { "idempotency-key": "b" } })
    while (gates.length < 2) await new Promise((resolve) => setImmediate(resolve))
    gates[0]?.()
    const failed = await problem(await first)
    gates[1]?.()
    assert.strictEqual((await deployment(await second)).deployment_id, failed.deployment_id)
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("builds a source again if the compiler gave up on it", async () => {
    let builds = 0
    const gateway = makeGateway({
      bundle: () =>
        Effect.suspend(() => {
          builds++
          return new BundleRejected({ diagnostics: [{ file: "", line: 0, column: 0, text: "it took too long" }] })
        })
    })
    await gateway.pay()
    await gateway.pay()
    assert.strictEqual(builds, 2)
  })

  it("does not build a body twice that does not bundle", async () => {
    let builds = 0
    const gateway = makeGateway({
      bundle: () =>
        Effect.suspend(() => {
          builds++
          return new BundleRejected({ diagnostics: [{ file: "a", line: 1, column: 1, text: "no" }] })
        })
    })
    const first = await problem(await gateway.pay())
    assert.deepStrictEqual(await problem(await gateway.pay()), first)
    assert.strictEqual(builds, 1)
    assert.strictEqual(gateway.payments.captured.size, 0)
  })

  it("refuses builds beyond the limit before it binds a key", async () => {
    const gates: Array<() => void> = []
    const gateway = makeGateway({
      bundle: (files) =>
        Effect.callback((resume) => {
          const bundle = testBundle({ entrypoint: "", main: "w.js", code: Object.keys(files)[0] ?? "" })
          gates.push(() => resume(Effect.succeed(bundle)))
        })
    })
    const body = (index: number) => JSON.stringify({ files: { [`${index}.ts`]: "" } })
    // One payer may have four builds at once.
    const building = Array.from({ length: BUILDS.atOnce }, (_, at) =>
      gateway.pay({ body: body(at), payer: `0xpayer${at % 2}` })
    )
    while (gates.length < BUILDS.atOnce) await new Promise((resolve) => setImmediate(resolve))
    const refused = await gateway.pay({ body: body(99) })
    assert.strictEqual((await problem(refused)).code, "busy")
    for (const open of gates) open()
    await Promise.all(building.map((response) => response.then(deployment)))
    gates.length = 0
    const after = gateway.pay({ body: body(99) })
    while (gates.length < 1) await new Promise((resolve) => setImmediate(resolve))
    gates[0]?.()
    await deployment(await after)
    assert.strictEqual(gateway.payments.captured.size, BUILDS.atOnce + 1)
  })
})
