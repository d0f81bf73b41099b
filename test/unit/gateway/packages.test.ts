import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { assert, describe, it } from "vitest"
import type { BuildOptions } from "../../../src/bundler/index.ts"
import { type Bundler, BundleRejected, RegistryUnavailable } from "../../../src/bundler/Bundler.ts"
import { testBundle } from "../../../src/bundler/testing.ts"
import { CodeRejected } from "../../../src/control-plane/ControlPlaneClient.ts"
import { failsWith } from "../../../src/control-plane/testing.ts"
import { PurchaseText, statusOf } from "../../../src/orders/purchase/Purchase.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { StartFailed } from "../../../src/sandbox/CodeRunner.ts"
import { makeGateway, type Parts, problem } from "../../support/gateway.ts"
import { purchase } from "../../support/purchase.ts"

type Lock = Readonly<Record<string, string>>
type Gateway = ReturnType<typeof makeBuilder>

const one: Lock = { "zod@^4": "zod@4.6.7 sha512-one" }
const two: Lock = { ...one, "ms@^2": "ms@2.1.3 sha512-two" }

/** A gateway whose builds have the lock, or the failure, that the test has set, and the options that they were given. */
const makeBuilder = (parts: Parts = {}) => {
  const builder: { next: Lock | RegistryUnavailable | BundleRejected; options: Array<BuildOptions> } = {
    next: one,
    options: []
  }
  const bundle: Bundler["Service"]["bundle"] = (_, options = {}) =>
    Effect.suspend(() => {
      builder.options.push(options)
      const { next } = builder
      return next instanceof RegistryUnavailable || next instanceof BundleRejected
        ? Effect.fail(next)
        : Effect.succeed(testBundle({ code: "", lock: next }))
    })
  return { ...makeGateway({ bundle, ...parts }), builder }
}

const bodyOf = (source: string) => JSON.stringify({ files: { "index.ts": source } })

const deployed = async ({ pay }: Gateway): Promise<string> => {
  const response = await pay({ body: bodyOf("first") })
  assert.strictEqual(response.status, 200, await response.clone().text())
  return ((await response.json()) as { readonly deployment_id: string }).deployment_id
}

const update = async ({ send }: Gateway, id: string) => {
  const put = (headers: Record<string, string> = {}) =>
    send(`/deployments/${id}`, {
      method: "PUT",
      body: bodyOf("newer"),
      headers: { "content-type": "application/json", ...headers }
    })
  return put({ authorization: testCredential((await put()).headers.get("www-authenticate") ?? "", "0xpayer") })
}

const lockIn = async ({ send }: Gateway, id: string): Promise<unknown> =>
  ((await (await send(`/deployments/${id}`)).json()) as { readonly lock: unknown }).lock

describe("the lock of a deployment", () => {
  it("is in the status, and not in the answer", async () => {
    const gateway = makeBuilder()
    const id = await deployed(gateway)
    assert.deepStrictEqual(await lockIn(gateway, id), one)
    const again = await gateway.pay({ body: bodyOf("other") })
    assert.hasAllKeys(await again.json(), ["url", "deployment_id", "expires_at", "ttl_hours"])
  })

  it("is empty without packages", async () => {
    const gateway = makeBuilder()
    gateway.builder.next = {}
    assert.deepStrictEqual(await lockIn(gateway, await deployed(gateway)), {})
  })

  it("is what an update builds with, and is replaced once the update is live", async () => {
    const gateway = makeBuilder()
    const id = await deployed(gateway)
    gateway.builder.next = two
    gateway.host.next("upload", failsWith(new CodeRejected({ message: "boom" })))
    assert.strictEqual((await update(gateway, id)).status, 502)
    assert.deepStrictEqual(await lockIn(gateway, id), one)
    assert.strictEqual((await update(gateway, id)).status, 200)
    assert.deepStrictEqual(await lockIn(gateway, id), two)
    gateway.builder.next = {}
    assert.strictEqual((await update(gateway, id)).status, 200)
    assert.deepStrictEqual(await lockIn(gateway, id), {})
    const given = gateway.builder.options.map(({ lock }) => lock)
    assert.deepStrictEqual(given, [undefined, one, one, two])
  })

  it("is replaced at once where the code before it was never live", async () => {
    const gateway = makeBuilder()
    gateway.host.next("upload", failsWith(new CodeRejected({ message: "boom" })))
    const { deployment_id } = (await problem(await gateway.pay({ body: bodyOf("first") }))) as unknown as {
      deployment_id: string
    }
    assert.deepStrictEqual(await lockIn(gateway, deployment_id), one)
    gateway.builder.next = two
    assert.strictEqual((await update(gateway, deployment_id)).status, 200)
    assert.deepStrictEqual(await lockIn(gateway, deployment_id), two)
  })

  it("holds for the second build too, which finds the line of a failed start", async () => {
    const failed = new StartFailed({ message: "boom", frames: [[1, 1]], certain: true })
    const gateway = makeBuilder({ check: () => Effect.fail(failed) })
    assert.strictEqual((await gateway.pay({ body: bodyOf("first") })).status, 422)
    assert.deepStrictEqual(
      gateway.builder.options.map(({ lock }) => lock),
      [undefined, one]
    )
  })

  it("is kept by no run", async () => {
    const gateway = makeBuilder({ run: () => Effect.succeed({ ok: true, result: "1", durationMs: 1 }) })
    const response = await gateway.pay({ path: "/execute", body: '{"code":"export const run = () => 1"}' })
    assert.hasAllKeys(await response.json(), ["result", "duration_ms", "limits"])
  })

  it("is empty for a row of an earlier version", () => {
    const row = Schema.decodeSync(PurchaseText)(JSON.stringify(purchase()))
    assert.deepStrictEqual(statusOf(row).lock, {})
  })
})

describe("a registry that does not answer", () => {
  const outage = new RegistryUnavailable({ message: "The registry does not answer" })

  it("is 503 with Retry-After, takes no money, and is no failure of the payer", async () => {
    const gateway = makeBuilder()
    gateway.builder.next = outage
    for (let at = 0; at < 61; at++) {
      const response = await gateway.pay({ body: bodyOf("first") })
      assert.match(response.headers.get("retry-after") ?? "", /^\d+$/)
      const { status, code, charged, detail } = await problem(response)
      assert.deepStrictEqual([status, code, charged], [503, "busy", false])
      assert.match(detail, /The registry does not answer\. Nothing was charged/)
    }
    assert.strictEqual(gateway.payments.captured.size, 0)
    gateway.builder.next = one
    assert.deepStrictEqual(await lockIn(gateway, await deployed(gateway)), one)
  })

  it("leaves a deployment as it was", async () => {
    const gateway = makeBuilder()
    const id = await deployed(gateway)
    gateway.builder.next = outage
    const response = await update(gateway, id)
    assert.isNotNull(response.headers.get("retry-after"))
    const { status, code } = await problem(response)
    assert.deepStrictEqual([status, code], [503, "busy"])
    assert.deepStrictEqual(await lockIn(gateway, id), one)
  })

  it("leaves no stored failure, though what a build says of packages is a refusal", async () => {
    const gateway = makeBuilder()
    const diagnostics = [{ file: "index.ts", line: 1, column: 8, text: "There is no package zood" }]
    gateway.builder.next = new BundleRejected({ diagnostics, certain: false })
    assert.strictEqual((await gateway.pay({ body: bodyOf("first") })).status, 422)
    // Somebody publishes it.
    gateway.builder.next = one
    assert.deepStrictEqual(await lockIn(gateway, await deployed(gateway)), one)
  })
})
