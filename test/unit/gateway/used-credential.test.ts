import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { ControlPlaneUnavailable } from "../../../src/control-plane/ControlPlaneClient.ts"
import { failsWith } from "../../../src/control-plane/testing.ts"
import { purchaseKey } from "../../../src/domain/Order.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { helloBody, makeGateway, problem } from "../../support/gateway.ts"

const down = failsWith(new ControlPlaneUnavailable({ message: "down" }))
const path = "/execute"
const secret = "the result of a private run"
const body = JSON.stringify({ code: "export const run = (input) => input", input: secret })
const mine = { "idempotency-key": "7f1c0c1e-chosen-by-the-client" }

const runGateway = () =>
  makeGateway({ run: () => Effect.succeed({ ok: true, result: JSON.stringify(secret), durationMs: 1 }) })

/** Buys a run, and returns its credential. */
const bought = async (headers: Record<string, string> = {}) => {
  const gateway = runGateway()
  const authorization = testCredential(await gateway.challengeFor(body, headers, path), "0xpayer")
  const first = await gateway.post(body, { ...headers, authorization }, path)
  assert.strictEqual(first.status, 200)
  const answer = await first.text()
  assert.include(answer, secret)
  const replay = (more: Record<string, string> = {}) => gateway.post(body, { authorization, ...more }, path)
  return { gateway, authorization, answer, replay }
}

/** Keys other than the purchase's. */
const otherKeys = [
  "another",
  "7f1c0c1e-chosen-by-the-clienT",
  purchaseKey(undefined),
  purchaseKey("another"),
  `key_${"0".repeat(32)}`,
  `own_${"0".repeat(32)}`,
  "a".repeat(255),
  "dep_0",
  "key_",
  "0xpayer"
]

describe("a copied credential that has paid", () => {
  for (const key of otherKeys) {
    it(`reads nothing and costs nothing with the key ${key.slice(0, 40)}`, async () => {
      for (const headers of [{}, mine]) {
        const { gateway, replay } = await bought(headers)
        const refused = await replay({ "idempotency-key": key })
        const answer = await problem(refused.clone())
        assert.deepStrictEqual([answer.status, answer.code, answer.charged], [409, "wrong_idempotency_key", true])
        assert.isNull(refused.headers.get("www-authenticate"))
        assert.notInclude(await refused.text(), secret)
        assert.strictEqual(gateway.payments.captured.size, 1)
      }
    })
  }

  it("reads nothing with the key hash in the credential, if the client chose the key", async () => {
    const { gateway, answer, replay } = await bought(mine)
    const hash = purchaseKey(mine["idempotency-key"])
    for (const headers of [{ "idempotency-key": hash }, {}]) {
      const refused = await replay(headers)
      const shown = await problem(refused.clone())
      assert.deepStrictEqual([shown.status, shown.type.split("/").at(-1)], [402, "invalid-challenge"])
      assert.notInclude(JSON.stringify(shown), secret)
      // The payer answers the fresh challenge, and pays nothing.
      const fresh = testCredential(refused.headers.get("www-authenticate") ?? "", "0xpayer")
      const again = await gateway.post(body, { ...headers, authorization: fresh }, path)
      assert.strictEqual(await again.text(), answer)
      assert.strictEqual(gateway.payments.captured.size, 1)
    }
    // Another payer who answers it buys a run of its own.
    const challenge = (await replay()).headers.get("www-authenticate") ?? ""
    await gateway.post(body, { authorization: testCredential(challenge, "0xstranger") }, path)
    assert.strictEqual(gateway.payments.captured.size, 2)
  })

  it("learns its own key if the client chose none, and reads the answer with it", async () => {
    const { gateway, answer, replay } = await bought()
    const shown = await problem(await replay({ "idempotency-key": "another" }))
    const { idempotency_key: key } = shown["retry"] as { idempotency_key: string }
    assert.strictEqual(await (await replay({ "idempotency-key": key })).text(), answer)
    assert.include((await problem(await replay())).detail, key)
    assert.strictEqual(gateway.payments.captured.size, 1)
  })
})

describe("a client whose answer was lost", () => {
  for (const [who, headers] of [
    ["with a key of its own", mine],
    ["without a key", {}]
  ] as const) {
    it(`is never charged again for the same call or the fresh challenge: ${who}`, async () => {
      const { gateway, answer, replay } = await bought(headers)
      const replayed = await replay(headers)
      if ("idempotency-key" in headers) assert.strictEqual(await replayed.text(), answer)
      else {
        const fresh = testCredential(replayed.headers.get("www-authenticate") ?? "", "0xpayer")
        assert.strictEqual(await (await gateway.post(body, { authorization: fresh }, path)).text(), answer)
      }
      const again = await gateway.pay({ body, path, headers: mine })
      if ("idempotency-key" in headers) assert.strictEqual(await again.text(), answer)
      assert.strictEqual(gateway.payments.captured.size, "idempotency-key" in headers ? 1 : 2)
    })
  }

  it("reads the answer with each credential of the purchase under that credential's key", async () => {
    const gateway = makeGateway()
    gateway.host.next("create", down)
    const first = testCredential(await gateway.challengeFor(helloBody, mine), "0xpayer")
    assert.strictEqual((await gateway.post(helloBody, { ...mine, authorization: first })).status, 502)
    // The client starts over without a key, and with another key. Both stand for the owed deploy.
    const second = testCredential(await gateway.challengeFor(), "0xpayer")
    const answer = await (await gateway.post(helloBody, { authorization: second })).text()
    assert.include(answer, "deployment_id")
    assert.strictEqual(await (await gateway.post(helloBody, { ...mine, authorization: first })).text(), answer)
    const shown = await problem(await gateway.post(helloBody, { authorization: second }))
    const key = /Idempotency-Key: (key_[0-9a-f]{32})/.exec(shown.detail)?.[1] ?? ""
    const again = await gateway.post(helloBody, { authorization: second, "idempotency-key": key })
    assert.strictEqual(await again.text(), answer)
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("gets a key for a free call when it leaves out its own", async () => {
    const gateway = makeGateway()
    const authorization = testCredential(await gateway.challengeFor(helloBody, mine), "0xpayer")
    gateway.host.next("create", down)
    const failed = await problem(await gateway.post(helloBody, { authorization }))
    const { idempotency_key: key } = failed["retry"] as { idempotency_key: string }
    // The key is the hash of the client's own. The used credential reads nothing with it, and the fresh challenge is free.
    const asked = await gateway.post(helloBody, { authorization, "idempotency-key": key })
    assert.strictEqual(asked.status, 402)
    const fresh = testCredential(asked.headers.get("www-authenticate") ?? "", "0xpayer")
    const answer = await gateway.post(helloBody, { authorization: fresh, "idempotency-key": key })
    assert.strictEqual(answer.status, 200)
    assert.strictEqual((await gateway.pay({ headers: mine })).status, 200)
    assert.strictEqual(gateway.payments.captured.size, 1)
  })
})
