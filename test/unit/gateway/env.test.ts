import { inspect } from "node:util"
import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import type { Bundler } from "../../../src/bundler/Bundler.ts"
import type { Bundle } from "../../../src/bundler/index.ts"
import { testBundle } from "../../../src/bundler/testing.ts"
import { CodeRejected, ControlPlaneUnavailable } from "../../../src/control-plane/ControlPlaneClient.ts"
import { failsWith } from "../../../src/control-plane/testing.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import type { CodeRunner } from "../../../src/sandbox/CodeRunner.ts"
import { findCanaries, makeCanary } from "../../support/canaries.ts"
import { makeGateway, problem } from "../../support/gateway.ts"

type Gateway = ReturnType<typeof makeGateway>

const files = { "index.ts": "export default { fetch }" }
const env = { API_KEY: "sk_live_canary" }
const body = JSON.stringify({ files, env })

/** A bundler that records the files of each build, with a variable and a namespace in the configuration. */
const makeRecorded = (parts: Parameters<typeof makeGateway>[0] = {}, needs: Partial<Bundle> = {}) => {
  const builds: Array<unknown> = []
  const bundle: Bundler["Service"]["bundle"] = (sent) =>
    Effect.sync(() => {
      builds.push(sent)
      const resources = { kv: ["CACHE"], r2: [], database: null, durableObjects: null }
      return testBundle({ code: "export default {}", vars: { MODE: "test" }, resources, ...needs })
    })
  return { ...makeGateway({ bundle, ...parts }), builds }
}

const put = async (gateway: Gateway, id: string, value: unknown) => {
  const text = JSON.stringify(value)
  const init = { method: "PUT", body: text, headers: { "content-type": "application/json" } }
  const challenge = (await gateway.send(`/deployments/${id}`, init)).headers.get("www-authenticate") ?? ""
  const authorization = testCredential(challenge, "0xpayer")
  return gateway.send(`/deployments/${id}`, { ...init, headers: { ...init.headers, authorization } })
}

const deployed = async (gateway: Gateway): Promise<string> => {
  const response = await gateway.pay({ body })
  assert.strictEqual(response.status, 200, await response.clone().text())
  return ((await response.json()) as { deployment_id: string }).deployment_id
}

describe("secrets of a deployment", () => {
  it("are part of the body that the challenge is bound to", async () => {
    const gateway = makeRecorded()
    const authorization = testCredential(await gateway.challengeFor(body), "0xpayer")
    const other = JSON.stringify({ files, env: { API_KEY: "sk_live_other" } })
    const answer = await problem(await gateway.post(other, { authorization }))
    assert.strictEqual(answer.status, 402)
    assert.strictEqual(gateway.payments.captured.size, 0)
    assert.strictEqual((await gateway.post(body, { authorization })).status, 200)
  })

  it("belong to the order that one key buys once", async () => {
    const gateway = makeRecorded()
    const headers = { "idempotency-key": "one" }
    const first = await (await gateway.pay({ body, headers })).json()
    assert.deepStrictEqual(await (await gateway.pay({ body, headers })).json(), first)
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("are not in answers, logs, spans and the index", async () => {
    const secret = makeCanary()
    let planting = false
    const check: CodeRunner["Service"]["check"] = (program) => {
      if ("secrets" in program) return Effect.die(new Error("the code starts with its secret, and not at the host"))
      return planting ? Effect.annotateCurrentSpan("planted", Buffer.from(secret).toString("base64")) : Effect.void
    }
    const gateway = makeRecorded({ check })
    const response = await gateway.pay({ body: JSON.stringify({ files, env: { API_KEY: secret } }) })
    const text = await response.text()
    const { deployment_id } = JSON.parse(text) as { deployment_id: string }
    const refusal = await (await put(gateway, deployment_id, { env: { MODE: secret } })).text()
    const status = await (await gateway.send(`/deployments/${deployment_id}`)).text()
    const recorded = () =>
      gateway.spans.map(({ name, attributes, events, links, status }) => [name, [...attributes], events, links, status])
    const shown = () => [
      ...findCanaries("answers", text + refusal + status, [secret]),
      ...findCanaries("logs", JSON.stringify(gateway.logs), [secret]),
      ...findCanaries("index", JSON.stringify([...gateway.expiry.entries]), [secret]),
      ...findCanaries("spans", inspect(recorded(), { depth: 8, maxStringLength: null, maxArrayLength: null }), [secret])
    ]
    assert.strictEqual(response.status, 200, text)
    assert.deepStrictEqual(shown(), [])
    planting = true
    await put(gateway, deployment_id, { env: { OTHER: "x" } })
    assert.include(shown(), "secret 0 (base64 at 0) in spans")
  })

  it("are not in the reason why the host refuses the code", async () => {
    const secret = makeCanary()
    for (const text of [
      `bad ${secret}`,
      `bad ${Buffer.from(secret).toString("hex")}`,
      Buffer.from(`z${secret}`).toString("base64")
    ]) {
      const gateway = makeRecorded()
      gateway.host.next("upload", failsWith(new CodeRejected({ message: text })))
      const response = await gateway.pay({ body: JSON.stringify({ files, env: { API_KEY: secret } }) })
      const answer = await response.text()
      const { deployment_id } = JSON.parse(answer) as { deployment_id: string }
      const status = await (await gateway.send(`/deployments/${deployment_id}`)).text()
      assert.strictEqual(response.status, 502)
      assert.deepStrictEqual(findCanaries("answers", answer + status, [secret]), [])
    }
  })

  it("must include those that the configuration requires", async () => {
    const gateway = makeRecorded({}, { requiredSecrets: ["API_KEY", "TOKEN"] })
    const answer = await problem(await gateway.pay({ body }))
    assert.strictEqual(answer.status, 400)
    assert.match(String(answer.detail), /requires the secret TOKEN/)
    assert.strictEqual(gateway.payments.captured.size, 0)
    const whole = JSON.stringify({ files, env: { ...env, TOKEN: "sk_live_canary" } })
    assert.strictEqual((await gateway.pay({ body: whole })).status, 200)
  })

  it("may not have the name of a binding or of a variable", async () => {
    for (const name of ["CACHE", "MODE"]) {
      const gateway = makeRecorded()
      const answer = await problem(await gateway.pay({ body: JSON.stringify({ files, env: { [name]: "canary" } }) }))
      assert.deepStrictEqual([answer.status, answer.code, answer.charged], [400, "invalid_request", false])
      assert.include(answer.detail, `env.${name} is also a binding or a variable`)
      assert.strictEqual(gateway.payments.captured.size, 0)
      const id = await deployed(gateway)
      const update = await problem(await put(gateway, id, { env: { [name]: "canary" } }))
      assert.deepStrictEqual([update.status, update.code], [400, "invalid_request"])
    }
  })
})

describe("an update of secrets alone", () => {
  it("builds the newest source again, and keeps the URL", async () => {
    const gateway = makeRecorded()
    const id = await deployed(gateway)
    const newer = { "index.ts": "newer", "logo.png": { base64: "AAAA" } }
    assert.strictEqual((await put(gateway, id, { files: newer })).status, 200)
    const response = await put(gateway, id, { env: { OTHER: "x" } })
    assert.strictEqual(response.status, 200, await response.clone().text())
    assert.deepStrictEqual(gateway.builds, [files, newer, newer])
  })

  it("builds the live source if the host refused a newer one", async () => {
    const gateway = makeRecorded()
    const id = await deployed(gateway)
    gateway.host.next("upload", failsWith(new CodeRejected({ message: "boom" })))
    assert.strictEqual((await put(gateway, id, { files: { "index.ts": "bad" } })).status, 502)
    assert.strictEqual((await put(gateway, id, { env: { OTHER: "x" } })).status, 200)
    assert.deepStrictEqual(gateway.builds.at(-1), files)
  })

  it("mends a deploy whose code the host refused for want of it", async () => {
    const gateway = makeRecorded()
    gateway.host.next("upload", failsWith(new CodeRejected({ message: "no KEY" })))
    const { deployment_id } = (await (await gateway.pay({ body })).json()) as { deployment_id: string }
    assert.strictEqual((await put(gateway, deployment_id, { env: { KEY: "x" } })).status, 200)
    assert.deepStrictEqual(gateway.builds.at(-1), files)
  })
})

it("secrets of a deployment are not more than 64, over all its updates", async () => {
  const gateway = makeRecorded()
  const id = await deployed(gateway)
  const more = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`A${index}`, "x"]))
  const refused = await problem(await put(gateway, id, { env: more(64) }))
  assert.deepStrictEqual([refused.status, refused.code], [400, "invalid_request"])
  assert.match(String(refused.detail), /would have 65 secrets/)
  assert.strictEqual((await put(gateway, id, { env: more(63) })).status, 200)
  assert.strictEqual((await put(gateway, id, { env: { ...more(63), ...env } })).status, 200)
})

describe("secrets after a change of the service's key", () => {
  const changed = (makeParts: Parameters<typeof makeRecorded>[0] = {}) => {
    const secretKey = { value: "the key that sealed them, 32 characters" }
    const gateway = makeRecorded({ secretKey, ...makeParts })
    const change = () => {
      secretKey.value = "another key, also with 32 characters or more"
    }
    return { gateway, change, uploads: () => [...gateway.host.projects.values()].flatMap(({ uploads }) => uploads) }
  }
  const complaints = (gateway: Gateway) =>
    gateway.logs.filter(({ message }) => String(message).includes("secrets cannot be decrypted"))

  it("are asked for again by an update that does not bring all of them", async () => {
    const { gateway, change, uploads } = changed()
    const id = await deployed(gateway)
    change()
    const newer = { "index.ts": "newer" }
    for (const value of [{ files: newer }, { env: { OTHER: "x" } }]) {
      const answer = await problem(await put(gateway, id, value))
      assert.deepStrictEqual([answer.status, answer.code], [400, "invalid_request"])
      assert.include(answer.detail, "env.API_KEY")
    }
    assert.strictEqual(uploads().length, 1)
    const again = { API_KEY: "sk_live_again" }
    assert.strictEqual((await put(gateway, id, { files: newer, env: again })).status, 200)
    assert.deepStrictEqual(uploads().at(-1)?.secrets, again)
    assert.strictEqual((await put(gateway, id, { files })).status, 200)
    assert.deepStrictEqual(uploads().at(-1)?.secrets, again)
  })

  it("keep a paid deploy waiting, until a PUT of env delivers it", async () => {
    const { gateway, change, uploads } = changed()
    gateway.host.next("upload", failsWith(new ControlPlaneUnavailable({ message: "down" })))
    const headers = { "idempotency-key": "one" }
    assert.strictEqual((await gateway.pay({ body, headers })).status, 502)
    change()
    const answer = await problem(await gateway.pay({ body, headers }))
    assert.deepStrictEqual([answer.code, answer.charged, answer.fault], ["deploy_failed", true, "service"])
    assert.match(
      answer.detail,
      /key has changed: The service cannot read env\.API_KEY any more\. Send env again by PUT/
    )
    assert.isAbove(Number(answer["retry_after"]), 0)
    assert.strictEqual(complaints(gateway).length, 1)
    assert.strictEqual(gateway.logs.filter(({ message }) => String(message).includes("defect")).length, 0)
    const response = await put(gateway, String(answer["deployment_id"]), { env: { API_KEY: "sk_live_again" } })
    assert.strictEqual(response.status, 200, await response.clone().text())
    assert.deepStrictEqual(
      uploads().map(({ secrets }) => secrets),
      [{ API_KEY: "sk_live_again" }]
    )
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("keep an update waiting that the host had not taken", async () => {
    const { gateway, change, uploads } = changed()
    const id = await deployed(gateway)
    gateway.host.next("upload", failsWith(new ControlPlaneUnavailable({ message: "down" })))
    assert.strictEqual((await put(gateway, id, { files: { "index.ts": "newer" } })).status, 502)
    change()
    assert.strictEqual((await put(gateway, id, { env: { API_KEY: "sk_live_again" } })).status, 200)
    assert.deepStrictEqual(gateway.builds.at(-1), { "index.ts": "newer" })
    assert.deepStrictEqual(uploads().at(-1)?.secrets, { API_KEY: "sk_live_again" })
  })
})
