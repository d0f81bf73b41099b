import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { countTransition } from "../../../src/telemetry/metrics.ts"
import { type Manner, startCollector } from "../../support/otlp/collector.ts"
import { telemetryTo } from "./support.ts"

const payer = `0x${"aB".repeat(20)}`
const hash = `0x${"cd".repeat(32)}`
const token = "0x20c0000000000000000000000000000000000000"

const sale = (price: string) =>
  countTransition({ operation: "deploy", state: "captured", price, authorization: { currency: token } })

/** A step that logs and counts, as an order does. */
const step = Effect.logInfo("order", "a free text").pipe(
  Effect.annotateLogs({ deployment_id: "dep_1", reference: hash, failure: "a free text" }),
  Effect.andThen(sale("0.10")),
  Effect.withSpan("OrderWorkflow.pay", { attributes: { "enduser.pseudo.id": payer } })
)

describe("the exporter", () => {
  it("sends spans, log records and counters by OTLP", async () => {
    const collector = await startCollector()
    const { run } = telemetryTo(`${collector.url}/`, { OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20key" })
    await run(step)
    await run(Effect.andThen(step, sale("12.345678")))
    await collector.stop()
    assert.deepStrictEqual(collector.errors, [])
    assert.strictEqual(collector.sum("mpp_compute.captured", { token }), 12_545_678n)
    assert.strictEqual(collector.sum("mpp_compute.order.transitions", { operation: "deploy", state: "captured" }), 3n)
    const [first, second] = collector.spans
    assert.match(String(first?.attributes["enduser.pseudo.id"]), /^hmac_[0-9a-f]{32}$/)
    assert.strictEqual(first?.attributes["enduser.pseudo.id"], second?.attributes["enduser.pseudo.id"])
    assert.deepStrictEqual(
      collector.logs.map(({ message, traceId, spanId }) => ({ message, traceId, spanId })),
      [first, second].map((span) => ({ message: "order", traceId: span?.traceId, spanId: span?.spanId }))
    )
    const all = collector.intake.join()
    for (const secret of [payer, payer.toLowerCase(), payer.slice(2), hash, hash.slice(2), "a free text"]) {
      assert.notInclude(all, secret)
    }
    assert.strictEqual(all.split('"x-key":"a key"').length, 7)
    const resources = new Set([...collector.spans, ...collector.points].map(({ resource }) => JSON.stringify(resource)))
    assert.strictEqual(resources.size, 1)
    assert.strictEqual(first?.resource["service.name"], "gateway.test")
  })

  it("hashes payers and references of any payment rail", async () => {
    const collector = await startCollector()
    const { run } = telemetryTo(collector.url)
    const person = 'jane "\\ canary@example.test'
    const sold = Effect.annotateLogs(Effect.logInfo("order"), { reference: "canary-42" })
    for (const payer of [person, person, "canary 2"]) {
      await run(Effect.withSpan(sold, "OrderWorkflow.pay", { attributes: { "enduser.pseudo.id": payer } }))
    }
    await collector.stop()
    assert.deepStrictEqual(collector.errors, [])
    assert.notInclude(collector.intake.join(), "canary")
    const [one, again, other] = collector.spans.map(({ attributes }) => attributes["enduser.pseudo.id"])
    const references = collector.logs.map(({ attributes }) => attributes["mpp_compute.reference"])
    for (const hash of [one, other, ...references]) assert.match(String(hash), /^hmac_[0-9a-f]{32}$/)
    assert.deepStrictEqual([one === again, one === other, new Set(references).size], [true, false, 1])
  })

  it("hashes with a key that only MPP_SECRET_KEY gives", async () => {
    const collector = await startCollector()
    for (const key of ["a", "a", "b"]) {
      await telemetryTo(collector.url, { MPP_SECRET_KEY: key.repeat(32) }).run(step)
    }
    await collector.stop()
    const hashes = collector.spans.map(({ attributes }) => attributes["enduser.pseudo.id"])
    assert.deepStrictEqual([hashes[0] === hashes[1], hashes[0] === hashes[2]], [true, false])
  })

  it("sends text that is cut within a character as Unicode", async () => {
    const collector = await startCollector()
    const { run } = telemetryTo(collector.url)
    // The gateway has cut one of the paths before.
    for (const path of [`/${"x".repeat(254)}😀`, "/\ud83d"]) {
      const line = Effect.annotateLogs(Effect.logInfo("request"), { path })
      await run(Effect.withSpan(line, "GET", { kind: "server", attributes: { "url.path": path } }))
    }
    await collector.stop()
    assert.deepStrictEqual(collector.errors, [])
    for (const all of [collector.spans, collector.logs]) {
      assert.deepStrictEqual(
        all.map(({ attributes }) => attributes["url.path"]),
        [`/${"x".repeat(254)}\ufffd`, "/\ufffd"]
      )
    }
  })

  it("sends each kind of data to its path, also if the setting has a query", async () => {
    const collector = await startCollector()
    const paths = ["/a/?key=b#c", "/a?key=b"].map(async (path) => {
      await telemetryTo(`${collector.url}${path}`).run(step)
    })
    await Promise.all(paths)
    await collector.stop()
    const asked = collector.intake.map((request) => request.split(" ")[1])
    assert.deepStrictEqual(new Set(asked), new Set(["logs", "metrics", "traces"].map((kind) => `/a/v1/${kind}?key=b`)))
  })

  it("counts what it had no room for", async () => {
    const collector = await startCollector()
    await telemetryTo(collector.url).run(Effect.forEach(Array.from({ length: 5000 }), () => Effect.logInfo("order")))
    await collector.stop()
    assert.strictEqual(collector.logs.length, 4096)
    assert.strictEqual(collector.sum("mpp_compute.telemetry.dropped"), 904n)
  })

  it("does nothing without the setting", async () => {
    const { run, waiting } = telemetryTo(undefined)
    await run(step)
    assert.strictEqual(waiting.length, 0)
  })

  const takes: ReadonlyArray<readonly [Manner | "down", seconds: number]> = [
    ["never", 7],
    ["500", 7],
    ["slowly", 7],
    ["endlessly", 3],
    ["redirect", 3],
    ["down", 7]
  ]
  for (const [manner, seconds] of takes) {
    it.concurrent(`gives up in time, and disturbs nothing, if the collector answers: ${manner}`, async () => {
      const collector = await startCollector()
      if (manner === "down") await collector.stop()
      else collector.manner = manner
      const { run, waiting } = telemetryTo(collector.url)
      const since = performance.now()
      const program = run(Effect.as(step, "the answer"))
      // The answer is there before anything is sent.
      await new Promise((resolve) => setTimeout(resolve, 500))
      assert.strictEqual(collector.requests, 0)
      assert.strictEqual(await program, "the answer")
      assert.isBelow(performance.now() - since, seconds * 1000)
      assert.strictEqual(waiting.length, 0)
      assert.strictEqual(collector.intake.filter((request) => request.includes("/other")).length, 0)
      if (manner === "slowly") assert.strictEqual(collector.spans.length, 1)
      if (manner !== "down") await collector.stop()
    })
  }
})
