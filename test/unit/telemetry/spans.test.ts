import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import { BundleFailed } from "../../../src/domain/Errors.ts"
import { CollectedSpan } from "../../../src/telemetry/CollectedSpan.ts"
import { continueTrace, currentTrace, type TraceContext } from "../../../src/telemetry/trace-context.ts"
import { encodeSpan } from "../../../src/telemetry/encode.ts"

/** A tracer whose spans the test can read, in the groups in which they are handed on. */
const collect = () => {
  const groups: Array<{ readonly spans: ReadonlyArray<CollectedSpan>; readonly isOrder: boolean }> = []
  const tracer = Tracer.make({
    span: (options) =>
      new CollectedSpan(options, {
        addSpans: (spans, isOrder) => void groups.push({ spans, isOrder }),
        answered: () => {}
      })
  })
  return { groups, traced: Effect.provideService(Tracer.Tracer, tracer) }
}

const names = (spans: ReadonlyArray<CollectedSpan> = []) => spans.map(({ name }) => name)

describe("a span", () => {
  it.effect("of a request keeps those within it until it ends", () =>
    Effect.gen(function* () {
      const { groups, traced } = collect()
      const inner = Effect.withSpan(Effect.void, "inner")
      yield* traced(Effect.withSpan(Effect.andThen(inner, inner), "GET", { kind: "server" }))
      assert.deepStrictEqual(
        groups.map(({ spans }) => names(spans)),
        [["GET", "inner", "inner"]]
      )
      assert.isFalse(groups[0]?.isOrder)
    })
  )

  it.effect("of a request takes no client's trace", () =>
    Effect.gen(function* () {
      const { groups, traced } = collect()
      const client = Tracer.externalSpan({ traceId: "a".repeat(32), spanId: "b".repeat(16) })
      yield* traced(Effect.withSpan(Effect.void, "GET", { kind: "server", parent: client }))
      const span = groups[0]?.spans[0]
      assert.isTrue(span !== undefined && Option.isNone(span.parent))
      assert.notStrictEqual(span?.traceId, client.traceId)
    })
  )

  it.effect("goes on in an order, which is worth more than other requests", () =>
    Effect.gen(function* () {
      const { groups, traced } = collect()
      let trace: TraceContext | undefined
      const call = Effect.map(currentTrace, (present) => (trace = present))
      yield* traced(Effect.withSpan(Effect.withSpan(call, "Orders.submit"), "POST", { kind: "server" }))
      yield* traced(Effect.withSpan(Effect.void, "submit").pipe(continueTrace(trace)))
      assert.deepStrictEqual(
        groups.map(({ isOrder }) => isOrder),
        [true, true]
      )
      const [request, order] = groups.map(({ spans }) => spans.map((span) => encodeSpan(span)))
      assert.strictEqual(order?.[0]?.traceId, request?.[0]?.traceId)
      assert.strictEqual(order?.[0]?.parentSpanId, request?.[1]?.spanId)
      assert.isUndefined(request?.[0]?.parentSpanId)
    })
  )

  it.effect("has no trace to hand on without telemetry", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* Effect.withSpan(currentTrace, "Orders.submit"))
    })
  )

  it.effect("has the tag of an error, and neither its text nor a defect's", () =>
    Effect.gen(function* () {
      const { groups, traced } = collect()
      const diagnostics = [{ file: "index.ts", line: 1, column: 1, text: "canary" }]
      const failures: ReadonlyArray<Effect.Effect<never, BundleFailed | string>> = [
        Effect.fail(new BundleFailed({ detail: "canary", diagnostics })),
        Effect.die(new Error("canary")),
        Effect.fail("canary")
      ]
      for (const failure of failures) yield* Effect.exit(traced(Effect.withSpan(failure, "step")))
      const spans = groups.flatMap(({ spans }) => spans.map(encodeSpan))
      const found = spans.map(({ status, attributes }) => `${status.code} ${JSON.stringify(attributes)}`)
      assert.deepStrictEqual(
        found,
        ["BundleFailed", "defect", "error"].map((type) => `2 [{"key":"error.type","value":{"stringValue":"${type}"}}]`)
      )
      assert.notInclude(JSON.stringify(spans), "canary")
    })
  )

  it.effect("keeps the attributes that it knows, cut to a length", () =>
    Effect.gen(function* () {
      const { groups, traced } = collect()
      const attributes = {
        "http.request.header.authorization": "canary",
        "url.query": "canary",
        "url.full": "canary",
        "user_agent.original": "canary",
        "http.route": "/deploy",
        "mpp_compute.long": "x".repeat(10_000)
      }
      yield* traced(Effect.withSpan(Effect.void, "POST", { kind: "server", attributes }))
      const span = groups[0]?.spans[0]
      assert.deepStrictEqual([...(span?.attributes.keys() ?? [])], ["http.route", "mpp_compute.long"])
      assert.strictEqual(String(span?.attributes.get("mpp_compute.long")).length, 256)
      assert.strictEqual(span?.name, "POST /deploy")
    })
  )

  it.effect("of a client's request has its URL, without a user, a query or a standard port", () =>
    Effect.gen(function* () {
      const { groups, traced } = collect()
      const attributes = (host: string, port: number) => ({
        "url.full": `https://canary@${host}:${port}/v1/projects?canary`,
        "url.scheme": "https",
        "url.path": "/v1/projects",
        "server.address": host,
        "server.port": port
      })
      for (const [host, port] of [
        ["host.test", 443],
        ["host.test", 80],
        ["::1", 8443]
      ] as const) {
        yield* traced(Effect.withSpan(Effect.void, "GET", { kind: "client", attributes: attributes(host, port) }))
      }
      const urls = groups.flatMap(({ spans }) =>
        spans.flatMap((span) => encodeSpan(span).attributes.filter(({ key }) => key === "url.full"))
      )
      assert.deepStrictEqual(
        urls.map(({ value }) => value.stringValue),
        ["https://host.test/v1/projects", "https://host.test:80/v1/projects", "https://[::1]:8443/v1/projects"]
      )
    })
  )

  it.effect("of a request has failed from status 500 up", () =>
    Effect.gen(function* () {
      const { groups, traced } = collect()
      for (const status of [402, 503]) {
        const attributes = { "http.response.status_code": status, "mpp_compute.code": "a_code" }
        yield* traced(Effect.withSpan(Effect.void, "POST", { kind: "server", attributes }))
      }
      const spans = groups.flatMap(({ spans }) => spans.map(encodeSpan))
      assert.deepStrictEqual(
        spans.map(({ status, attributes }) => [status.code, attributes.some(({ key }) => key === "error.type")]),
        [
          [0, false],
          [2, true]
        ]
      )
    })
  )

  it.effect("of a request holds a bounded number of others", () =>
    Effect.gen(function* () {
      const { groups, traced } = collect()
      const many = Effect.forEach(Array.from({ length: 5000 }), () => Effect.withSpan(Effect.void, "inner"), {
        discard: true
      })
      yield* traced(Effect.withSpan(many, "POST", { kind: "server" }))
      assert.strictEqual(groups[0]?.spans.length, 501)
    })
  )

  it("keeps no result", () => {
    const { groups, traced } = collect()
    Effect.runSync(traced(Effect.withSpan(Effect.succeed("canary"), "step")))
    const status = groups[0]?.spans[0]?.status
    assert.deepStrictEqual(status?._tag === "Ended" && status.exit, Exit.void)
  })
})
