import { assert, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { describe } from "vitest"
import { failsWith } from "../../src/control-plane/testing.ts"
import { ControlPlaneUnavailable } from "../../src/control-plane/ControlPlaneClient.ts"
import { jsonLine, layerJson, makeWriteInfo } from "../../src/logging.ts"
import { testCredential } from "../../src/payment/testing.ts"
import { helloBody, type LogLine, makeGateway, testSettings } from "../support/gateway.ts"

const of = (logs: ReadonlyArray<LogLine>, message: string) => logs.filter((line) => line["message"] === message)

describe("the log", () => {
  it("has one line for each request", async () => {
    const { logs, pay, send } = makeGateway()
    const { deployment_id } = (await (await pay()).json()) as { deployment_id: string }
    await send("/nowhere?token=abc")
    const lines = of(logs, "request").map((line) => {
      assert.match(String(line["time"]), /^\d{4}-.*Z$/)
      assert.isNumber(line["millis"])
      return Object.fromEntries(Object.entries(line).filter(([name]) => !["time", "level", "millis"].includes(name)))
    })
    assert.deepStrictEqual(lines, [
      { message: "request", method: "POST", path: "/deploy", status: 402, code: "payment_required", charged: false },
      { message: "request", method: "POST", path: "/deploy", status: 200, deployment_id },
      { message: "request", method: "GET", path: "/nowhere", status: 404, code: "not_found", charged: false }
    ])
  })

  it("has one line for each step of an order, from the first to the last", async () => {
    const { logs, pay, host } = makeGateway()
    host.next("create", failsWith(new ControlPlaneUnavailable({ message: "down" })))
    const headers = { "idempotency-key": "one" }
    const { deployment_id } = (await (await pay({ headers })).json()) as { deployment_id: string }
    assert.strictEqual((await pay({ headers })).status, 200)
    const steps = of(logs, "order")
    assert.deepStrictEqual(
      steps.map((step) => [step["deployment_id"], step["from"], step["to"]]),
      [
        [deployment_id, null, "capturing"],
        [deployment_id, "capturing", "captured"],
        [deployment_id, "captured", "delivered"]
      ]
    )
    for (const step of steps) assert.match(String(step["reference"]), /^0x[0-9a-f]{64}$/)
    assert.isString(steps.at(-1)?.["project_id"])
  })

  it("gives the reason why an order failed", async () => {
    const { logs, pay, payments } = makeGateway()
    payments.captures.push("reverted")
    await pay()
    assert.deepInclude(of(logs, "order").at(-1), {
      from: "capturing",
      to: "failed",
      failure: "Reverted; nothing was charged."
    })
  })

  it("contains no credential, no key, no signed transaction and no setting", async () => {
    const { logs, challengeFor, post, host } = makeGateway()
    host.next("create", () => Effect.die(new Error(`a defect near Bearer ${testSettings["CONTROL_PLANE_TOKEN"]}`)))
    const headers = { "idempotency-key": "a key of the client's own" }
    const authorization = testCredential(await challengeFor(helloBody, headers), "0xpayer")
    await post(helloBody, { ...headers, authorization })
    const text = JSON.stringify(logs)
    assert.include(text, "a defect near [redacted]")
    for (const secret of [
      authorization.slice(8, 60),
      "a key of the client's own",
      Buffer.from('{"payer"').toString("hex"),
      testSettings["MPP_SECRET_KEY"] ?? "",
      (testSettings["CONTROL_PLANE_TOKEN"] ?? "").slice(0, 30)
    ]) {
      assert.notInclude(text, secret)
    }
  })

  it.effect("removes secrets from every line", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const log = Logger.layer([Logger.map(jsonLine, (line) => void lines.push(line))])
      const leaks = [
        `Payment ${"eyJ".repeat(40)}`,
        `jkt_${"ab".repeat(32)}`,
        `0x76${"f".repeat(400)}`,
        "Bearer abc.def"
      ]
      yield* Effect.provide(Effect.logError("before", ...leaks, "after"), log)
      assert.strictEqual(lines.length, 1)
      const line = JSON.parse(lines[0] ?? "") as { message: ReadonlyArray<string> }
      assert.deepStrictEqual(line.message, ["before", ...leaks.map(() => "[redacted]"), "after"])
    })
  )
})

describe("a line without a fiber", () => {
  const lines: Array<unknown> = []
  const quiet = Layer.succeed(Console.Console, { ...console, info: (line: unknown) => lines.push(line) })
  const contextOf = (...layers: ReadonlyArray<Layer.Layer<never>>) =>
    Effect.scoped(Layer.build(Layer.mergeAll(Layer.mergeAll(layerJson, quiet), ...layers)))

  it.effect("has the bytes of a line by a fiber", () =>
    Effect.gen(function* () {
      const fields = { method: "POST", path: '/"ü"', status: 400, charged: false, deployment_id: null, millis: 0 }
      const context = Context.merge(yield* contextOf(), Context.pick(Clock.Clock)(yield* Effect.context<never>()))
      yield* Effect.provideContext(Effect.annotateLogs(Effect.logInfo("request"), fields), context)
      const now = yield* Clock.currentTimeMillis
      const write = makeWriteInfo(context, "request") ?? assert.fail("cannot write")
      write(now, { ...fields, code: undefined })
      assert.lengthOf(lines, 2)
      assert.strictEqual(lines[1], lines[0])
    })
  )

  it.effect("is left to a fiber for another logger, another level, and annotations of all lines", () =>
    Effect.gen(function* () {
      const others = [
        Logger.layer([Logger.make(() => {})], { mergeWithExisting: true }).pipe(Layer.provideMerge(layerJson)),
        Layer.succeed(References.MinimumLogLevel, "Warn" as const),
        Layer.succeed(References.CurrentLogAnnotations, { region: "eu" })
      ]
      for (const layer of others) assert.isUndefined(makeWriteInfo(yield* contextOf(layer), "a"))
      assert.isDefined(makeWriteInfo(yield* contextOf(), "a"))
    })
  )
})
