import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { calling, failing, jack, json, text } from "./client.ts"

const session = json(200, { success: true, session: { id: "s1" }, stream: { url: "/", type: "sse" } })
const stream = () => new Response("data: 1\n\n", { headers: { "content-type": "text/event-stream" } })

describe("the log of a project", () => {
  it.effect("is opened with a session, which the call also prolongs", () => {
    const { layer, asked, requests } = jack(session, stream)
    return Effect.gen(function* () {
      const bytes = yield* calling((client) => client.logs("p1"))
      assert.strictEqual(yield* Effect.promise(() => new Response(bytes).text()), "data: 1\n\n")
      assert.deepStrictEqual(asked(), ["POST /v1/projects/p1/logs/session", "GET /v1/projects/p1/logs/stream"])
      assert.strictEqual(requests[1]?.headers.get("accept"), "text/event-stream")
    }).pipe(Effect.provide(layer()))
  })

  it.effect("is refused before the first upload, and for a project that is gone", () => {
    const { layer } = jack(json(409, { error: "no_worker_deployed", message: "Deploy first" }))
    return Effect.gen(function* () {
      const { error } = yield* failing((client) => client.logs("p1"))
      assert.deepInclude(error, { _tag: "ControlPlaneRefused", status: 409, message: "Deploy first" })
    }).pipe(Effect.provide(layer()))
  })

  it.effect("is unavailable if the answer is no stream of events", () => {
    const { layer } = jack(session, text(200, "a page"))
    return Effect.gen(function* () {
      assert.strictEqual((yield* failing((client) => client.logs("p1"))).error._tag, "ControlPlaneUnavailable")
    }).pipe(Effect.provide(layer()))
  })
})
