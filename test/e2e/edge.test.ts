import { request as httpRequest } from "node:http"
import { setTimeout } from "node:timers/promises"
import { Challenge, Credential } from "mppx"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../src/local/stack.ts"
import { fresh, postTo, secretKey, startTestStack, walletOn } from "./support.ts"

let stack: Stack
let wallet: ReturnType<typeof walletOn>
let post: ReturnType<typeof postTo>
beforeAll(async () => {
  stack = await startTestStack()
  wallet = walletOn(stack)
  post = postTo(stack)
})
afterAll(() => stack?.stop())

interface Problem {
  readonly type: string
  readonly code: string
  readonly charged: boolean | null
  readonly detail: string
}

const read = async (response: Response) => {
  assert.match(response.headers.get("content-type") ?? "", /^application\/problem\+json/)
  return (await response.json()) as Problem
}

/** Changes the gateway's own challenge for a body, and issues it again with another secret. */
const reissued = async (body: string, change: (challenge: Challenge.Challenge) => object, secret = secretKey) => {
  const challenge = Challenge.fromResponse(await post(body))
  const issued = Challenge.from({ ...challenge, ...change(challenge), secretKey: secret } as never)
  return wallet.credential(
    new Response(null, { status: 402, headers: { "www-authenticate": Challenge.serialize(issued) } })
  )
}

/** Every kind of invalid credential: the credential for `body`, and the protocol's problem for it. */
const credentials: ReadonlyArray<
  readonly [what: string, make: (body: string) => Promise<string | undefined>, problem: string, status?: number]
> = [
  ["none", async () => undefined, "payment-required"],
  ["a malformed one", async () => "Payment not-base64-json", "malformed-credential"],
  [
    "one whose challenge has expired",
    async (body) => {
      // Stock clients do not answer an expired challenge, and the chain simulates what they sign, so this one must really
      // expire.
      const expires = new Date(Date.now() + 4_000)
      const credential = await reissued(body, () => ({ expires: expires.toISOString() }))
      while (Date.now() <= expires.getTime()) await setTimeout(100)
      return credential
    },
    "payment-expired"
  ],
  [
    "a tampered one",
    async (body) => {
      const credential = Credential.deserialize(await reissued(body, () => ({})))
      return Credential.serialize({ ...credential, challenge: { ...credential.challenge, realm: "another-gateway" } })
    },
    "invalid-challenge"
  ],
  [
    "one from another server",
    (body) => reissued(body, () => ({}), "another server's secret of 32 characters"),
    "invalid-challenge"
  ],
  ["one for another body", async () => wallet.credential(await post(fresh("plain-js"))), "invalid-challenge"],
  [
    "one for another operation",
    (body) =>
      reissued(body, ({ opaque }) => {
        const binding = JSON.parse(Buffer.from(opaque ?? "", "base64url").toString()) as object
        return { opaque: Buffer.from(JSON.stringify({ ...binding, op: "execute" })).toString("base64url") }
      }),
    "invalid-challenge"
  ],
  [
    "one for another price",
    (body) => reissued(body, ({ request }) => ({ request: { ...request, amount: "1" } })),
    "invalid-challenge"
  ],
  [
    "one that pays too little",
    async (body) => {
      const cheap = Credential.deserialize(
        await reissued(body, ({ request }) => ({ request: { ...request, amount: "1" } }))
      )
      const challenge = Challenge.fromResponse(await post(body))
      return Credential.serialize({ ...cheap, challenge })
    },
    "verification-failed"
  ],
  [
    "one whose payer cannot pay",
    async (body) => {
      const poor = walletOn(stack, `0x${"77".repeat(32)}`)
      await wallet.transfer(poor.account.address, 150_000n)
      const credential = await poor.credential(await post(body))
      await poor.transfer(wallet.account.address, 100_000n)
      return credential
    },
    "verification-failed"
  ],
  [
    "one for a method that is not offered",
    async (body) => {
      const credential = Credential.deserialize(await reissued(body, () => ({})))
      return Credential.serialize({ ...credential, challenge: { ...credential.challenge, method: "other" } })
    },
    "method-unsupported",
    400
  ]
]

describe("credentials", () => {
  for (const [what, make, problem, status = 402] of credentials) {
    it(`get ${status} ${problem} and no charge: ${what}`, async () => {
      const body = fresh("plain-js")
      const authorization = await make(body)
      const before = await wallet.balance(stack.info.recipient)
      const response = await post(body, authorization === undefined ? {} : { authorization })
      const answer = await read(response)
      assert.deepStrictEqual(
        [response.status, answer.type, answer.charged],
        [status, `https://paymentauth.org/problems/${problem}`, false],
        answer.detail
      )
      if (status === 402) {
        assert.strictEqual(response.headers.get("cache-control"), "no-store")
        assert.strictEqual(Challenge.fromResponse(response).realm, "jack-template")
      }
      assert.strictEqual(await wallet.balance(stack.info.recipient), before)
    })
  }

  it("get a 400 if one request has two of them", async () => {
    const body = fresh("plain-js")
    const authorization = await wallet.credential(await post(body))
    const response = await post(body, { authorization: `${authorization}, ${authorization}` })
    assert.strictEqual(response.status, 400)
    assert.strictEqual((await read(response)).code, "invalid_request")
  })
})

describe("bodies", () => {
  const sized = (bytes: number) => JSON.stringify({ files: { "index.js": "x".repeat(bytes) } })

  it("get a quote for 512,000 bytes of source, and a 413 for 512,001", async () => {
    assert.strictEqual((await post(sized(512_000))).status, 402)
    const response = await post(sized(512_001))
    assert.strictEqual(response.status, 413)
    assert.strictEqual((await read(response)).code, "code_too_large")
  })

  it("get a 413 for 50 MB, ten times out of ten", async () => {
    const body = new Uint8Array(50 * 1024 * 1024).fill(120)
    for (let round = 0; round < 10; round++) {
      const response = await post(body)
      assert.strictEqual(response.status, 413)
      assert.strictEqual((await read(response)).code, "code_too_large")
    }
  })

  const clear: ReadonlyArray<readonly [what: string, send: () => Promise<Response>, status: number, code: string]> = [
    ["deep JSON", () => post(`${"[".repeat(200_000)}${"]".repeat(200_000)}`), 400, "missing_files"],
    ["deep files", () => post(`{"files":{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}}`), 400, "missing_files"],
    ["no JSON", () => post("hello"), 400, "missing_files"],
    ["a list", () => post("[]"), 400, "missing_files"],
    ["files that are a list", () => post('{"files":["a"]}'), 400, "missing_files"],
    ["a name that is a number", () => post('{"files":{"a":""},"name":1}'), 400, "invalid_request"],
    [
      "a form",
      () => post("a=b", { "content-type": "application/x-www-form-urlencoded" }),
      415,
      "unsupported_media_type"
    ],
    ["GET", () => fetch(`${stack.info.gateway}/deploy`), 405, "method_not_allowed"],
    ["DELETE", () => fetch(`${stack.info.gateway}/deploy`, { method: "DELETE" }), 405, "method_not_allowed"],
    ["another path", () => fetch(`${stack.info.gateway}/unknown`, { method: "POST", body: "{}" }), 404, "not_found"]
  ]
  for (const [what, send, status, code] of clear) {
    it(`get ${status} ${code}: ${what}`, async () => {
      const response = await send()
      assert.strictEqual(response.status, status)
      assert.strictEqual((await read(response)).code, code)
    })
  }

  it("may be empty to ask for a quote", async () => {
    const response = await fetch(`${stack.info.gateway}/deploy`, { method: "POST" })
    assert.strictEqual(response.status, 402)
    assert.strictEqual(Challenge.fromResponse(response).request.amount, "100000")
  })

  it("may break off without harm to the gateway", async () => {
    const { hostname, port } = new URL(stack.info.gateway)
    await new Promise<void>((resolve) => {
      const sending = httpRequest({
        hostname,
        port,
        path: "/deploy",
        method: "POST",
        headers: { "content-length": 1000 }
      })
      sending.on("error", () => resolve())
      sending.write("{", () => sending.destroy(new Error("reset")))
    })
    const health = await fetch(`${stack.info.gateway}/health`)
    assert.deepStrictEqual(await health.json(), {
      status: "ok",
      configured: true,
      missing: [],
      start_check: true,
      resources: ["kv", "d1", "durable_objects", "assets", "secrets", "modules"],
      asset_limit_bytes: 2_097_152
    })
  })
})
