import { assert, describe, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import { readBody } from "../../../src/api/request/body.ts"

const text = `"ü" ${"x".repeat(1000)}`
const bytes = new TextEncoder().encode(text)
const sha256 = createHash("sha256").update(bytes).digest("hex")

const request = (body: BodyInit | null, headers: Record<string, string>) =>
  new Request("http://gateway.test/deploy", { method: "POST", body, headers, duplex: "half" } as RequestInit)

const broken = () => new ReadableStream({ type: "bytes", pull: (controller) => controller.error(new Error("gone")) })

// The gateway reads a body with an announced length at once, and every other body as a stream. Both must give the same result.
const ways: Record<string, Record<string, string>> = {
  "that announces its length": { "content-length": String(bytes.length) },
  "that does not": {}
}

describe("a body", () => {
  for (const [way, headers] of Object.entries(ways)) {
    it.effect(`is kept and hashed: ${way}`, () =>
      Effect.gen(function* () {
        const body = yield* readBody(request(bytes, headers), bytes.length)
        assert.strictEqual(body.size, bytes.length)
        assert.strictEqual(body.sha256, sha256)
        assert.strictEqual(new TextDecoder().decode(body.bytes), text)
      })
    )

    it.effect(`is counted and not kept if it is too long: ${way}`, () =>
      Effect.gen(function* () {
        const body = yield* readBody(request(bytes, headers), bytes.length - 1)
        assert.strictEqual(body.size, bytes.length)
        assert.isUndefined(body.bytes)
      })
    )

    it.effect(`is an invalid request if it breaks off: ${way}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(readBody(request(broken(), headers), 10_000))
        assert.strictEqual(error.code, "invalid_request")
      })
    )
  }

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
