import { assert, describe, it } from "vitest"
import { isPlainOrigin } from "../../../src/api/request/origin.ts"
import { helloBody, makeGateway, problem } from "../../support/gateway.ts"

/**
 * Returns the quickest of up to five answers, in milliseconds. Other tests run at the same time, and quadratic work stays slow.
 */
const quickest = async (call: () => Promise<Response>): Promise<number> => {
  let least = Infinity
  for (let tries = 0; tries < 5 && least > 10; tries++) {
    const since = performance.now()
    assert.isBelow((await call()).status, 500)
    least = Math.min(least, performance.now() - since)
  }
  return least
}

describe("a URL", () => {
  it("of 8,192 characters is served and one more character gets a 414, for every method", async () => {
    const { send } = makeGateway()
    const health = "/health?"
    const query = "x".repeat(8192 - health.length)
    assert.strictEqual((await send(health + query)).status, 200)
    for (const method of ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"]) {
      const response = await send(`${health}${query}x`, { method })
      assert.strictEqual(response.status, 414, method)
      assert.strictEqual(response.headers.get("access-control-allow-origin"), "*")
      assert.match(response.headers.get("content-type") ?? "", /^application\/problem\+json/)
      if (method !== "HEAD") assert.strictEqual((await problem(response)).code, "uri_too_long")
    }
  })

  it("is refused only after its body was read to the end", async () => {
    const { send } = makeGateway()
    for (const [path, status] of [
      [`/deploy?${"x".repeat(9000)}`, 414],
      [`/${"x".repeat(1000)}`, 404],
      ["/nowhere", 404],
      ["/health", 405]
    ] as const) {
      let sent = 0
      const body = new ReadableStream({
        type: "bytes",
        pull: (controller: ReadableByteStreamController) => {
          if (sent++ < 20) controller.enqueue(new Uint8Array(65_536))
          else {
            controller.close()
            controller.byobRequest?.respond(0)
          }
        }
      })
      const response = await send(path, { method: "POST", body, duplex: "half" } as RequestInit)
      assert.strictEqual(response.status, status)
      assert.isAbove(sent, 20, path)
    }
  })

  it("with a path longer than any route gets a 404 that cuts it, like the log", async () => {
    const { send, logs } = makeGateway()
    const response = await send(`/${"x".repeat(8000)}`)
    assert.strictEqual(response.status, 404)
    const { detail, code } = await problem(response)
    assert.strictEqual(code, "not_found")
    assert.isBelow(detail.length, 200)
    assert.strictEqual(String(logs.find(({ message }) => message === "request")?.["path"]).length, 200)
  })

  const costly = [
    "%",
    "%25",
    "%2",
    "//",
    ";",
    ":",
    "../",
    "/.",
    "%2e%2e/",
    "a/",
    "%C3",
    "%e2%80%8b",
    "*",
    "{",
    "(",
    "+"
  ]
  for (const part of costly) {
    it(`of 8 KB of ${part} gets an answer in a few milliseconds`, async () => {
      const { send } = makeGateway()
      await send("/health")
      const room = (8190 / part.length) | 0
      for (const path of [
        `/${part.repeat(room)}`,
        `/deployments/${part.repeat(room - 13)}`,
        `/?${part.repeat(room - 1)}`
      ]) {
        for (const method of ["GET", "HEAD", "OPTIONS", "POST"]) {
          assert.isBelow(await quickest(() => send(path, { method })), 50, `${method} ${path.slice(0, 30)}`)
        }
      }
    })
  }

  it("that begins with two slashes does not name another host", async () => {
    const { send } = makeGateway()
    const response = await send("//deploy/health")
    assert.strictEqual(response.status, 404)
    assert.include((await problem(response)).detail, "//deploy/health")
  })
})

describe("a Host", () => {
  const plain = [
    "compute.example",
    "localhost:8787",
    "127.0.0.1",
    "[::1]:80",
    "my_service",
    "xn--bcher-kva.example",
    "a.b-c.d:65535"
  ]
  for (const host of plain) {
    it(`is plain: ${host}`, () => {
      assert.isTrue(isPlainOrigin(`https://${host}`))
      assert.isTrue(isPlainOrigin(`http://${host}/deploy?x=1`))
      // The gateway remembers the last origin that was plain.
      for (const suffix of [":99999/", "$(id)/", "@evil.test:99999/"])
        assert.isFalse(isPlainOrigin(`http://${host}${suffix}`))
    })
  }

  const hostile = ["$(id)", "`id`", "a;rm", "a'b", 'a"b', "a&b", "a(b)", "a,b", "{a}", "a!b", "a*b", "~a", "a=b", "a+b"]
  for (const host of hostile) {
    it(`is refused and appears in no page and no command: ${host}`, async () => {
      const { handler } = makeGateway()
      for (const path of ["/", "/llms.txt", "/openapi.json", "/health"]) {
        const response = await handler(new Request(`http://${host}${path}`))
        const text = await response.clone().text()
        assert.strictEqual(response.status, 400, text)
        assert.notInclude(text, host)
      }
    })
  }

  it("is refused for a deploy before its body is read", async () => {
    const { handler } = makeGateway()
    const response = await handler(new Request("http://$(id)/deploy", { method: "POST", body: helloBody }))
    assert.strictEqual((await problem(response)).code, "invalid_request")
  })
})

describe("a method", () => {
  for (const method of ["PROPFIND", "constructor", "__proto__", "toString", "hasOwnProperty", "PURGE"]) {
    it(`without a route gets a 405: ${method}`, async () => {
      const response = await makeGateway().send("/health", { method })
      assert.strictEqual(response.status, 405)
      assert.strictEqual(response.headers.get("allow"), "GET")
    })
  }
})

describe("a header", () => {
  const { send, post } = makeGateway()
  const long: ReadonlyArray<readonly [name: string, value: string]> = [
    ["accept", "a/b,".repeat(30_000)],
    ["accept", `text/html${";".repeat(100_000)}`],
    ["accept", `text/html;q=${"0".repeat(100_000)}`],
    ["accept-payment", "tempo/charge,".repeat(10_000)],
    ["accept-payment", `${"a-".repeat(50_000)}/`],
    ["idempotency-key", "x ".repeat(50_000)],
    ["content-type", `application/${"+json".repeat(20_000)}`],
    ["content-type", `application/json${" ".repeat(100_000)}x`],
    ["content-encoding", `identity${" ".repeat(100_000)}x`],
    ["authorization", `Payment${" ".repeat(60_000)}x`],
    ["authorization", "Payment x,".repeat(6_000)],
    ["authorization", `"${'\\"'.repeat(32_000)}`],
    ["cookie", "a=b; ".repeat(20_000)],
    ["traceparent", "-".repeat(100_000)],
    ["b3", "-".repeat(100_000)],
    ["x-jack-timestamp", "1".repeat(100_000)],
    ["x-jack-cron", "* ".repeat(50_000)],
    ["origin", "x".repeat(100_000)],
    ["access-control-request-headers", "x,".repeat(50_000)]
  ]
  for (const [name, value] of long) {
    it(`gets an answer in some milliseconds: ${name} of ${value.length} characters (${value.slice(0, 20)}…)`, async () => {
      await post()
      for (const call of [
        () => send("/", { headers: { [name]: value } }),
        () => post(helloBody, { [name]: value }),
        () => send("/__scheduled", { method: "POST", headers: { [name]: value } })
      ]) {
        assert.isBelow(await quickest(call), 100)
      }
    })
  }
})
