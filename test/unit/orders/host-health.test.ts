import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { BundleRejected } from "../../../src/bundler/Bundler.ts"
import { testBundle } from "../../../src/bundler/testing.ts"
import { ControlPlaneRefused, ControlPlaneUnavailable } from "../../../src/control-plane/ControlPlaneClient.ts"
import { failsWith } from "../../../src/control-plane/testing.ts"
import { deployment, makeGateway, problem } from "../../support/gateway.ts"

type Gateway = ReturnType<typeof makeGateway>

const down = failsWith(new ControlPlaneUnavailable({ message: "connection refused" }))
const health = async (gateway: Gateway) => (await (await gateway.send("/health")).json()) as Record<string, unknown>
const bundled = testBundle({ entrypoint: "", main: "w.js", code: "" })

/** Asserts that no money moved, nothing was created, and the host got no other request. */
const untouched = ({ payments, host }: Gateway) => {
  assert.strictEqual(payments.captured.size, 0)
  assert.strictEqual(host.projects.size, 0)
  assert.deepStrictEqual(new Set(host.calls), new Set(["account"]))
}

describe("a deploy asks the host before the payment", () => {
  it("charges nothing while the host is down, names no deployment, and sells the same call afterwards", async () => {
    const gateway = makeGateway()
    gateway.host.next("account", down)
    const headers = { "idempotency-key": "k" }
    const failed = await problem(await gateway.pay({ headers }))
    assert.deepStrictEqual([failed.status, failed.code, failed.charged], [502, "deploy_failed", false])
    for (const name of ["deployment_id", "status_url", "retry", "fault"]) assert.notProperty(failed, name)
    untouched(gateway)
    await deployment(await gateway.pay({ headers }))
    assert.strictEqual(gateway.payments.captured.size, 1)
  })

  it("takes a 401 for an outage, because the host also answers it when its database is down", async () => {
    const gateway = makeGateway()
    gateway.host.next("account", failsWith(new ControlPlaneRefused({ status: 401, message: "verification failed" })))
    const failed = await problem(await gateway.pay())
    assert.deepStrictEqual([failed.charged, failed.host], [false, "unavailable"])
    untouched(gateway)
  })

  it("waits for a host that hangs no longer than 5 seconds", { timeout: 15_000 }, async () => {
    const gateway = makeGateway()
    gateway.host.next("account", () => Effect.never)
    const started = Date.now()
    const failed = await problem(await gateway.pay())
    assert.deepStrictEqual([failed.code, failed.charged], ["deploy_failed", false])
    assert.closeTo(Date.now() - started, 5_000, 1_000)
    untouched(gateway)
  })

  it("asks while it builds, and takes no longer", async () => {
    const gateway = makeGateway({ bundle: () => Effect.delay(Effect.succeed(bundled), "600 millis") })
    gateway.host.next("account", (call) => Effect.delay(call, "600 millis"))
    const started = Date.now()
    await deployment(await gateway.pay())
    assert.isBelow(Date.now() - started, 1_000)
  })

  it("reports the source's faults first", async () => {
    const diagnostics = [{ file: "a.ts", line: 1, column: 1, text: "no" }]
    const gateway = makeGateway({ bundle: () => Effect.delay(new BundleRejected({ diagnostics }), "50 millis") })
    gateway.host.next("account", down)
    assert.strictEqual((await problem(await gateway.pay())).code, "bundle_failed")
    // Once the order knows that, it does not even ask the host.
    const { length } = gateway.host.calls
    assert.strictEqual((await problem(await gateway.pay())).code, "bundle_failed")
    assert.strictEqual(gateway.host.calls.length, length)
  })

  it("asks for a deploy, and not for a run, an update or an owed deploy", async () => {
    const ran = { ok: true as const, result: "1", durationMs: 1 }
    const gateway = makeGateway({ run: () => Effect.succeed(ran), check: () => Effect.void })
    const run = await gateway.pay({ path: "/execute", body: JSON.stringify({ code: "export const run = () => 1" }) })
    assert.strictEqual(run.status, 200, await run.clone().text())
    assert.deepStrictEqual(gateway.host.calls, [])
    gateway.host.next("create", down)
    assert.isTrue((await problem(await gateway.pay())).charged)
    gateway.host.account = { usable: false, reason: "it has none" }
    await deployment(await gateway.pay())
    assert.strictEqual(gateway.host.calls.filter((call) => call === "account").length, 1)
  })
})

describe("/health", () => {
  it("reports the host's last fault from memory until the host works again", async () => {
    const gateway = makeGateway()
    assert.notProperty(await health(gateway), "host")
    gateway.host.account = { usable: false, reason: "its account has no username" }
    await gateway.pay()
    const { length } = gateway.host.calls
    const { status, host } = await health(gateway)
    assert.strictEqual(status, "ok")
    assert.deepInclude(host as object, { status: "unusable" })
    assert.match((host as { detail: string }).detail, /no username/)
    assert.match((host as { asked_at: string }).asked_at, /Z$/)
    assert.strictEqual(gateway.host.calls.length, length, "no I/O")
    gateway.host.account = { usable: true }
    await deployment(await gateway.pay())
    assert.notProperty(await health(gateway), "host")
  })

  it("reports an unusable account even if the source was at fault", async () => {
    const diagnostics = [{ file: "a.ts", line: 1, column: 1, text: "no" }]
    const gateway = makeGateway({ bundle: () => Effect.delay(new BundleRejected({ diagnostics }), "50 millis") })
    gateway.host.account = { usable: false, reason: "its account has no username" }
    assert.strictEqual((await problem(await gateway.pay())).code, "bundle_failed")
    assert.deepInclude((await health(gateway)).host as object, { status: "unusable" })
  })
})
