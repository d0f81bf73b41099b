import { afterEach, assert, describe, it, vi } from "vitest"
import { CollectedSpan } from "../../../src/telemetry/CollectedSpan.ts"
import { Collector } from "../../../src/telemetry/Collector.ts"
import { PaymentRejected } from "../../../src/payment/errors.ts"
import { deployment, makeGateway, testSettings } from "../../support/gateway.ts"
import { startCollector, type TestCollector } from "../../support/otlp/collector.ts"
import { telemetryTo } from "./support.ts"

/** A gateway whose telemetry goes to a collector while `use` runs. What it has collected is sent afterwards. */
const observe = async (
  use: (gateway: ReturnType<typeof makeGateway>) => Promise<void>,
  settings: Readonly<Record<string, string>> = {}
): Promise<TestCollector> => {
  const collector = await startCollector()
  const { layer, waiting } = telemetryTo(collector.url)
  await use(makeGateway({ telemetry: layer, settings: { ...testSettings, ...settings } }))
  await Promise.all(waiting)
  await collector.stop()
  assert.deepStrictEqual(collector.errors, [])
  return collector
}

/** The counts of a counter by one of its attributes. */
const countsOf = ({ points, sum }: TestCollector, name: string, attribute: string) =>
  Object.fromEntries(
    points
      .filter((point) => point.name === name)
      .map(({ attributes }) => String(attributes[attribute]))
      .map((value) => [value, Number(sum(name, { [attribute]: value }))])
  )

const states = (collector: TestCollector) => countsOf(collector, "mpp_compute.order.transitions", "state")
const refusals = (collector: TestCollector) => countsOf(collector, "mpp_compute.order.refusals", "error.type")

afterEach(() => void vi.restoreAllMocks())

describe("the counters", () => {
  it.concurrent("count each purchase once in each of its states, however often it is called", async () => {
    const collector = await observe(async (gateway) => {
      for (const key of ["a", "a", "b"]) {
        await deployment(await gateway.pay({ body: `{"files":{"${key}.ts":""}}`, headers: { "idempotency-key": key } }))
      }
    })
    assert.deepStrictEqual(states(collector), { capturing: 2, captured: 2, delivered: 2 })
    assert.strictEqual(collector.sum("mpp_compute.captured", { operation: "deploy" }), 200_000n)
    assert.deepStrictEqual(refusals(collector), {})
    assert.deepStrictEqual(countsOf(collector, "mpp_compute.challenges", "http.route"), { "/deploy": 3 })
  })

  it.concurrent("count money once that the chain confirms late", async () => {
    const collector = await observe(async (gateway) => {
      gateway.payments.captures.push("lost")
      const headers = { "idempotency-key": "a" }
      assert.strictEqual((await gateway.pay({ headers })).status, 503)
      await deployment(await gateway.pay({ headers }))
      await deployment(await gateway.pay({ headers }))
      assert.strictEqual(gateway.payments.captured.size, 1)
    })
    assert.deepStrictEqual(states(collector), { capturing: 1, captured: 1, delivered: 1 })
    assert.strictEqual(collector.sum("mpp_compute.captured"), 100_000n)
  })

  it.concurrent("count no money that did not move, and each refusal by its error", async () => {
    const collector = await observe(async (gateway) => {
      const refusal = new PaymentRejected({ problem: "verification-failed", detail: "Insufficient balance." })
      gateway.payments.authorizations.push(refusal, refusal)
      for (let n = 0; n < 2; n++) assert.strictEqual((await gateway.pay()).status, 402)
      gateway.payments.captures.push("reverted")
      assert.strictEqual((await gateway.pay()).status, 402)
      assert.strictEqual(gateway.payments.captured.size, 0)
    })
    assert.deepStrictEqual(states(collector), { capturing: 1, failed: 1 })
    assert.deepStrictEqual(refusals(collector), { PaymentRejected: 3 })
    assert.strictEqual(collector.sum("mpp_compute.captured"), 0n)
  })
})

describe("broken telemetry", () => {
  const fail = () => {
    throw new Error("telemetry is broken")
  }
  const parts: Readonly<Record<string, () => void>> = {
    "the collection of spans": () => vi.spyOn(Collector.prototype, "addSpans").mockImplementation(fail),
    "the collection of log records": () => vi.spyOn(Collector.prototype, "addLog").mockImplementation(fail),
    "the counters of requests": () => vi.spyOn(CollectedSpan.prototype, "route", "get").mockImplementation(fail)
  }
  for (const [part, breakIt] of Object.entries(parts)) {
    it(`fails no request and no order: ${part}`, async () => {
      const printed = vi.spyOn(console, "error").mockImplementation(() => {})
      breakIt()
      await observe(async (gateway) => {
        assert.strictEqual((await gateway.post()).status, 402)
        assert.strictEqual((await gateway.post("{")).status, 400)
        await deployment(await gateway.pay())
        assert.deepStrictEqual([gateway.payments.captured.size, gateway.host.projects.size], [1, 1])
      })
      assert.isTrue(printed.mock.calls.some(([what]) => what === "telemetry failed"))
    })
  }

  it("fails no request and no order: the counters of orders", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {})
    const { padEnd } = String.prototype
    vi.spyOn(String.prototype, "padEnd").mockImplementation(function (this: string, length, fill) {
      return length === 6 && fill === "0" ? fail() : padEnd.call(this, length, fill)
    })
    await observe(async (gateway) => {
      await deployment(await gateway.pay())
      assert.deepStrictEqual([gateway.payments.captured.size, gateway.host.projects.size], [1, 1])
    })
    assert.isTrue(printed.mock.calls.some(([what]) => what === "telemetry failed"))
  })
})
