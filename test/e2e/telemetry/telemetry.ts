import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import type { Stack } from "../../../src/local/stack.ts"
import { findCanaries, makeCanary } from "../../support/canaries.ts"
import type { TestCollector } from "../../support/otlp/collector.ts"
import type { Span } from "../../support/otlp/decode.ts"
import { postTo, secretKey } from "../support.ts"
import { openCaller } from "./caller.ts"
import { CLIENT, endOf, isAbout, orphansIn, SERVER, startOf, traceOf, wayTo } from "./traces.ts"

/** A stack whose gateway sends its telemetry to a collector. */
export interface Observed {
  readonly stack: Stack
  readonly collector: TestCollector
}

/** The steps of a paid deploy. Each begins after the one before it has ended, but those of the same line, which may overlap. */
const STEPS = [
  ["PaymentService.verify"],
  ["PaymentService.authorize", "Bundler.bundle", "CodeRunner.check", "ControlPlaneClient.account"],
  ["PaymentService.capture"],
  ["ControlPlaneClient.create"],
  ["ControlPlaneClient.upload"]
] as const

/** Work after an answer, and the batch that has it, take less than this, in milliseconds. */
const AFTER_MS = 3000

/** An alarm comes this long after the last request, in milliseconds, so that no request has work left. */
const QUIET_MS = 6000

/** Waits until a condition holds, and asks nothing of the gateway. */
const until = async <A>(what: string, find: () => A | undefined): Promise<A> => {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(200)) {
    const found = find()
    if (found !== undefined) return found
  }
  return assert.fail(`not in a minute: ${what}`)
}

/** Tests of what a collector gets from a whole stack. */
export const testTelemetry = (observed: () => Observed): void => {
  const source = makeCanary()
  const bodyOf = (text: string) =>
    JSON.stringify({ files: { "index.ts": `export default { fetch: () => new Response(${JSON.stringify(text)}) }` } })

  /** The trace of the one request of a route that was answered with 200. */
  const traceOfRequest = async (name: string): Promise<ReadonlyArray<Span>> => {
    const { spans } = observed().collector
    const found = () =>
      spans.filter((span) => span.name === name && span.attributes["http.response.status_code"] === 200)
    await until(`a trace of ${name}`, () => found()[0])
    assert.strictEqual(found().length, 1)
    return traceOf(spans, found()[0])
  }

  let caller: ReturnType<typeof openCaller>
  let before = 0n
  let id = ""

  describe("the telemetry of a stack", () => {
    it("has one trace of a deploy, with each of its steps in its order", async () => {
      caller = openCaller(observed().stack)
      before = await caller.received()
      const { status, answer } = await caller.call("POST", "/deploy", bodyOf(source))
      assert.strictEqual(status, 200, JSON.stringify(answer))
      id = String(answer["deployment_id"])
      await sleep(AFTER_MS)
      const trace = await traceOfRequest("POST /deploy")
      assert.deepStrictEqual(orphansIn(trace), [])
      const [root, ...others] = trace.filter(({ parentSpanId }) => parentSpanId === undefined)
      assert.deepStrictEqual([root?.name, root?.kind, others], ["POST /deploy", SERVER, []])
      const steps = observed().collector.spans.filter(({ name }) => STEPS.flat().some((step) => step === name))
      assert.deepStrictEqual([...new Set(steps.map(({ traceId }) => traceId))], [root?.traceId])
      let done = startOf(root!)
      for (const line of STEPS) {
        const spans = line.map((name) => {
          const way = wayTo(trace, name)
          assert.strictEqual(way[0], "POST /deploy", `${name} in ${trace.map((span) => span.name).join()}`)
          // The order's object does all but the first step.
          assert.strictEqual(way.includes("OrderWorkflow.submit"), name !== "PaymentService.verify", name)
          return trace.find((span) => span.name === name)!
        })
        for (const span of spans) assert.isAtLeast(startOf(span), done, span.name)
        done = Math.max(...spans.map(endOf))
      }
      assert.isAtLeast(endOf(root!), done)
      assert.deepStrictEqual(
        trace.filter(({ status }) => status.code !== 0),
        []
      )
    })

    it("describes requests by the semantic conventions for HTTP", async () => {
      const { collector, stack } = observed()
      const trace = traceOf(
        collector.spans,
        collector.spans.find((span) => span.kind === SERVER && isAbout(id)(span))
      )
      const [server] = trace.filter(({ kind }) => kind === SERVER)
      const at = new URL(stack.info.gateway)
      assert.deepInclude(server?.attributes, {
        "http.request.method": "POST",
        "http.route": "/deploy",
        "http.response.status_code": 200,
        "url.path": "/deploy",
        "url.scheme": "http",
        "server.address": at.hostname,
        "server.port": Number(at.port)
      })
      const clients = trace.filter(({ kind }) => kind === CLIENT)
      for (const { attributes } of clients) {
        const [host, port, path] = ["server.address", "server.port", "url.path"].map((name) => attributes[name])
        assert.strictEqual(attributes["url.full"], `http://${host}:${port}${path}`)
        assert.match(String(attributes["http.request.method"]), /^[A-Z]+$/)
        assert.isNumber(attributes["http.response.status_code"])
      }
      const host = Number(new URL(stack.info.controlPlane).port)
      assert.isAtLeast(clients.filter(({ attributes }) => attributes["server.port"] === host).length, 3)
    })

    it("has one trace of an update, a renewal and an execution", async () => {
      const path = `/deployments/${id}`
      const calls = [
        ["PUT", path, bodyOf("newer"), "PUT /deployments/:deployment_id", "ControlPlaneClient.upload"],
        ["POST", `${path}/renew`, null, "POST /deployments/:deployment_id/renew", "PaymentService.capture"],
        ["POST", "/execute", JSON.stringify({ code: "export const run = () => 1" }), "POST /execute", "CodeRunner.run"]
      ] as const
      for (const [method, path, body] of calls) {
        const { status, answer } = await caller.call(method, path, body)
        assert.strictEqual(status, 200, JSON.stringify(answer))
      }
      await sleep(AFTER_MS)
      for (const [, , , name, step] of calls) {
        const trace = await traceOfRequest(name)
        assert.strictEqual(wayTo(trace, step)[0], name, trace.map((span) => span.name).join())
        assert.deepStrictEqual(orphansIn(trace), [])
      }
    })

    it("counts the money that the chain has moved", async () => {
      const { collector, stack } = observed()
      const money = (await caller.received()) - before
      await until("the money", () => collector.sum("mpp_compute.captured") === money || undefined)
      for (const [operation, money] of [
        ["deploy", 100_000n],
        ["renew", 100_000n],
        ["execute", 10_000n]
      ] as const) {
        const token = stack.info.currency
        assert.strictEqual(collector.sum("mpp_compute.captured", { operation, token }), money, operation)
      }
    })

    it("has what an order does by itself, where no request is in its isolate", async () => {
      const { collector, stack } = observed()
      await stack.controlPlane!.stop()
      const { status } = await caller.call("DELETE", `/deployments/${id}`)
      assert.strictEqual(status, 409)
      const last = Date.now()
      await sleep(QUIET_MS)
      await stack.controlPlane!.start()
      const removed = await until("the delete of an alarm", () =>
        collector.spans.find(
          (span) => span.name === "OrderWorkflow.wake" && startOf(span) > last + QUIET_MS && deletes(collector, span)
        )
      )
      const requests = collector.spans.filter(({ kind }) => kind === SERVER)
      assert.isAtMost(Math.max(...requests.map(endOf)), last)
      const trace = traceOf(collector.spans, removed)
      assert.deepStrictEqual([removed.parentSpanId, orphansIn(trace)], [undefined, []])
      assert.isTrue(trace.some(isAbout(id)))
    })

    it("has no secret, no source and nothing that leads to the payer, whatever went wrong", async () => {
      const { collector, stack } = observed()
      const broken = JSON.stringify({ files: { "index.ts": `export default { ${source}` }, env: { KEY: source } })
      const { status } = await caller.call("POST", "/deploy", broken)
      assert.strictEqual(status, 422)
      const token = `token-${crypto.randomUUID()}`
      for (const scheme of ["Payment", "Bearer", "Basic"]) {
        const headers = { authorization: `${scheme} ${token}`, "user-agent": token, "idempotency-key": token }
        await fetch(`${stack.info.gateway}/${scheme}?${token}`, { headers })
        await postTo(stack)(`{"files": ${source}`, headers)
      }
      await sleep(AFTER_MS)
      const secrets = [source, token, secretKey, ...caller.secrets]
      const needles = [...secrets, ...secrets.map((secret) => secret.toLowerCase())]
      const bytes = secrets.filter((secret) => /^[0-9a-f]{40,}$/i.test(secret)).map((hex) => Buffer.from(hex, "hex"))
      const all = collector.intake.join("\n")
      const found = [
        ...findCanaries("the intake", all, needles),
        ...findCanaries("the intake in lower case", all.toLowerCase(), needles),
        ...bytes.filter((each) => all.includes(each.toString("base64"))).map(() => "bytes in base64")
      ]
      assert.deepStrictEqual(found, [])
      assert.isAtLeast(findCanaries("the intake", `${all}${Buffer.from(source).toString("base64")}`, needles).length, 1)
      assert.deepStrictEqual(collector.errors, [])
      // Each kind of data has come.
      for (const kind of [collector.spans, collector.logs, collector.points]) assert.isAtLeast(kind.length, 10)
    })
  })
}

const deletes = ({ spans }: TestCollector, wake: Span): boolean =>
  traceOf(spans, wake).some(({ name, status }) => name === "ControlPlaneClient.remove" && status.code === 0)
