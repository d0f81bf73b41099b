import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Tracer from "effect/Tracer"
import { makeAnswerUnpaid } from "../../../src/api/answer-unpaid.ts"
import { receiveBody } from "../../../src/api/request/body.ts"
import { PaymentService } from "../../../src/payment/PaymentService.ts"
import { helloBody, makeGateway, type Parts, testSettings } from "../../support/gateway.ts"

const runBody = JSON.stringify({ code: "export const run = () => 1" })

/** A request to an endpoint that takes a body. */
interface Sent {
  readonly path?: string
  readonly method?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

const deploys = (...bodies: ReadonlyArray<unknown>): ReadonlyArray<Sent> =>
  bodies.map((body) => ({ body: typeof body === "string" ? body : JSON.stringify(body) }))

/** Requests that need no router. */
const unrouted: ReadonlyArray<Sent> = [
  // The bodies of a deploy.
  ...deploys(helloBody, "{", "", "[]", "null", "5", '"ü\u2028"', "\ufeff{}", "[".repeat(9000), {}, { files: {} }),
  ...deploys({ flies: {} }, { files: { a: 5 } }, { files: { "package.json": {} } }, { files: { a: "" }, nane: "x" }),
  ...deploys(
    { files: { "../index.ts": "" } },
    { files: { "/a": "" } },
    { files: { "ü\n": "" } },
    { files: { "": "" } }
  ),
  ...deploys({ files: { 'a"\\': "" } }, { files: { a: "", "./a": "" } }, { files: { a: { base64: "_" } } }),
  ...deploys(
    { files: { a: "" }, name: "!" },
    { files: { a: "" }, name: 5 },
    { files: { a: "" }, name: "x".repeat(101) }
  ),
  ...deploys(
    { files: { a: "" }, env: [] },
    { files: { a: "" }, env: { A: 5 } },
    { files: { a: "" }, env: { "-": "" } }
  ),
  ...deploys('{"__proto__":{"files":{"a":""}}}', '{"files":{"__proto__":5}}', '{"files":{"<script>\u007f":""}}'),
  ...deploys({ files: Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`${index}`, ""])) }),
  // The bodies of a run.
  ...[
    "{",
    "",
    "{}",
    '{"coed":""}',
    '{"code":" "}',
    '{"code":"x","input":1e400}',
    '{"code":"x","inputs":1}',
    runBody
  ].map((body) => ({ path: "/execute", body })),
  // The headers that count.
  { headers: { "content-type": "text/plain" } },
  { headers: { "content-type": "application/problem+json; charset=utf-8" } },
  { headers: { "content-encoding": "gzip" } },
  { headers: { "content-encoding": "identity" } },
  { headers: { "idempotency-key": "a key" } },
  { headers: { "idempotency-key": "x".repeat(256) } },
  { headers: { "idempotency-key": "ü" } },
  { body: "", headers: { "idempotency-key": "ü", "content-type": "text/plain" } },
  { headers: { "accept-payment": "lightning/charge" } },
  { headers: { "accept-payment": "lightning/charge" }, path: "/execute", body: runBody },
  { headers: { origin: "https://other.test", accept: "text/html", cookie: "a=b" } }
]

/** Requests that the router must answer. */
const routed: ReadonlyArray<Sent> = [
  { headers: { authorization: "Payment abc" } },
  { headers: { authorization: "" } },
  { headers: { authorization: "Bearer abc" } },
  { method: "PUT" },
  { path: "/deploy?" },
  { path: "/deploy?a=1" },
  { path: "/deploy/" },
  { path: "//deploy" },
  { path: "/Deploy" },
  { path: "/%64eploy" },
  { path: "/reports" },
  { path: "/__proto__" }
]

const requestOf = ({ path = "/deploy", method = "POST", body = helloBody, headers = {} }: Sent, announced: boolean) =>
  new Request(`http://gateway.test${path}`, {
    method,
    body,
    headers: {
      "content-type": "application/json",
      ...(announced && { "content-length": String(Buffer.byteLength(body)) }),
      ...headers
    }
  })

/** Answers without the router, by the services of a gateway. */
const answerBy = async (services: ReturnType<typeof makeGateway>["services"]) => {
  const answerUnpaid = await Effect.runPromise(Effect.provide(makeAnswerUnpaid, services))
  return async (sent: Sent) => {
    const request = requestOf(sent, true)
    const received = (await receiveBody(request, request.headers)) ?? assert.fail("no body")
    return answerUnpaid({ request, url: request.url, headers: request.headers }, received)
  }
}

/** The ways of one gateway: without the router, and with it. */
const waysOf = async (parts: Parts) => {
  const { logs, services, handler } = makeGateway(parts)
  return {
    logs,
    unrouted: await answerBy(services),
    routed: (sent: Sent) => handler(requestOf(sent, false))
  }
}

/**
 * All that a client sees, without the values of a challenge, which are others each time. The platform sends the length of a text, whether
 * or not the answer has it.
 */
const seen = async (response: Response) => {
  const { status, statusText, headers } = response
  const body = await response.text()
  assert.include([null, String(Buffer.byteLength(body))], headers.get("content-length"))
  return {
    status,
    statusText,
    headers: [...headers]
      .filter(([name]) => name !== "content-length")
      .map(([name, value]) =>
        name === "www-authenticate" ? [name, value.replace(/(id|expires|opaque)="[^"]+"/g, "$1")] : [name, value]
      ),
    body
  }
}

const all = (line: Readonly<Record<string, unknown>> | undefined) => ({ ...line, time: "", millis: 0 })

const gateways: ReadonlyArray<readonly [name: string, parts: Parts]> = [
  ["that sells both", { check: () => Effect.void, run: () => Effect.never }],
  ["that runs no code", {}],
  ["without settings", { settings: {} }],
  ["whose sales are off", { settings: { ...testSettings, SALES: "off" } }]
]

const shown = (sent: Sent): string => JSON.stringify(sent).slice(0, 120)

describe("an answer without the router", () => {
  for (const [name, parts] of gateways) {
    it(`has the same bytes and the same line in the log as the router's: of a gateway ${name}`, async () => {
      const { logs, ...ways } = await waysOf(parts)
      let compared = 0
      for (const sent of unrouted) {
        const quick = await ways.unrouted(sent)
        const line = logs.at(-1)
        const count = logs.length
        const answer = await ways.routed(sent)
        if (quick === undefined) {
          assert.isAtLeast(answer.status, 500, shown(sent))
          continue
        }
        assert.deepStrictEqual(await seen(quick), await seen(answer), shown(sent))
        assert.strictEqual(logs.length, count + 1, "each way writes one line")
        assert.deepStrictEqual(all(line), all(logs.at(-1)), shown(sent))
        compared++
      }
      assert.isAbove(compared, unrouted.length / 2)
    })
  }

  it("is left to the router for every other request", async () => {
    const { unrouted, logs } = await waysOf({})
    for (const sent of routed) assert.isUndefined(await unrouted(sent), shown(sent))
    assert.isEmpty(logs)
  })

  it("is left to the router while somebody collects spans", async () => {
    const { services, logs } = makeGateway()
    const tracer = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })
    const answer = await answerBy(Layer.merge(services, Layer.succeed(Tracer.Tracer, tracer)))
    for (const sent of unrouted) assert.isUndefined(await answer(sent), shown(sent))
    assert.isEmpty(logs)
  })

  it("is left to the router if a step throws, because the router answers 500 for that", async () => {
    const { services, logs } = makeGateway()
    const answerUnpaid = await Effect.runPromise(Effect.provide(makeAnswerUnpaid, services))
    const request = requestOf({}, true)
    const headers = new Headers()
    headers.get = () => assert.fail("a defect")
    assert.isUndefined(answerUnpaid({ request, url: request.url, headers }, new Uint8Array(1)))
    assert.isEmpty(logs)
  })

  it("waits for a payment service that takes its time", async () => {
    const { services, logs } = makeGateway()
    const slow = Effect.map(PaymentService, (payments) =>
      PaymentService.of({
        ...payments,
        challenge: (...terms) => Effect.delay(payments.challenge(...terms), "5 millis")
      })
    )
    const answer = await answerBy(Layer.merge(services, Layer.provide(Layer.effect(PaymentService, slow), services)))
    assert.strictEqual((await answer({}))?.status, 402)
    assert.lengthOf(logs, 1)
  })
})
