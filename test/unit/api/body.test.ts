import { assert, describe, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import { discardBody, freeBody, keepReceived, readBody, receiveBody } from "../../../src/api/request/body.ts"

const text = `"ü" ${"x".repeat(1000)}`
const bytes = new TextEncoder().encode(text)
const sha256 = createHash("sha256").update(bytes).digest("hex")

const request = (body: BodyInit | null, headers: Record<string, string>) =>
  new Request("http://gateway.test/deploy", { method: "POST", body, headers, duplex: "half" } as RequestInit)

const received = (sent: Request) => receiveBody(sent, sent.headers)

const broken = () => new ReadableStream({ type: "bytes", pull: (controller) => controller.error(new Error("gone")) })

const announced = { "content-length": String(bytes.length) }

// The gateway reads a body with an announced length at once, a small one before the router sees its request, and every other body
// as a stream. All must give the same result.
const ways: Record<string, (body: BodyInit) => Promise<Request>> = {
  "that announces its length": async (body) => request(body, announced),
  "that was read before its request was routed": async (body) => {
    const routed = request(body, announced)
    keepReceived(routed, (await received(routed)) ?? assert.fail("no body"))
    assert.isTrue(routed.bodyUsed)
    return routed
  },
  "that does not": async (body) => request(body, {})
}

describe("a body", () => {
  for (const [way, arrive] of Object.entries(ways)) {
    it.effect(`is kept and hashed: ${way}`, () =>
      Effect.gen(function* () {
        const body = yield* readBody(yield* Effect.promise(() => arrive(bytes)), bytes.length)
        assert.strictEqual(body.size, bytes.length)
        assert.strictEqual(body.sha256, sha256)
        assert.strictEqual(new TextDecoder().decode(body.bytes), text)
      })
    )

    it.effect(`is counted and not kept if it is too long: ${way}`, () =>
      Effect.gen(function* () {
        const body = yield* readBody(yield* Effect.promise(() => arrive(bytes)), bytes.length - 1)
        assert.strictEqual(body.size, bytes.length)
        assert.isUndefined(body.bytes)
      })
    )

    it.effect(`is an invalid request if it breaks off: ${way}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(readBody(yield* Effect.promise(() => arrive(broken())), 10_000))
        assert.strictEqual(error.code, "invalid_request")
      })
    )

    it.effect(`can be discarded, also if it breaks off: ${way}`, () =>
      Effect.gen(function* () {
        yield* discardBody(yield* Effect.promise(() => arrive(bytes)))
        yield* discardBody(yield* Effect.promise(() => arrive(broken())))
      })
    )
  }

  it("is left to the handler if it is large, or its length is unknown", () => {
    for (const length of ["65537", "soon"]) assert.isUndefined(received(request(bytes, { "content-length": length })))
    assert.isUndefined(received(request(bytes, {})))
  })

  it.effect("is empty if the request has none", () =>
    Effect.gen(function* () {
      const body = yield* readBody(request(null, {}), 10)
      assert.strictEqual(body.size, 0)
      assert.strictEqual(body.bytes?.length, 0)
    })
  )

  it.effect("is read even if its announced length is not a number", () =>
    Effect.gen(function* () {
      const body = yield* readBody(request(bytes, { "content-length": "soon" }), 10_000)
      assert.strictEqual(body.sha256, sha256)
    })
  )
})

it("gives back the memory of a large body, and of no part of a buffer", () => {
  const [large, shared] = [new Uint8Array(100_000), new Uint8Array(new ArrayBuffer(200_000), 1, 100_000)]
  for (const body of [large, shared, bytes]) freeBody(body)
  assert.strictEqual(large.byteLength, 0)
  assert.strictEqual(shared.byteLength, 100_000)
  assert.isAbove(bytes.byteLength, 0)
})
