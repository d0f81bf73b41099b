import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { vi } from "vitest"
import { ControlPlaneClient, type ControlPlaneError } from "../../../../src/control-plane/ControlPlaneClient.ts"
import {
  token,
  jack,
  json,
  text,
  lost,
  never,
  cutOff,
  failing,
  calling,
  row,
  url,
  created,
  project,
  input,
  type Answer
} from "./client.ts"

describe("create", () => {
  it.effect("posts name and slug with the token, and reads a time without a zone as UTC", () => {
    const { layer, requests } = jack(created)
    vi.stubEnv("TZ", "Asia/Kolkata")
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* calling((client) => client.create(input)), project)
      const [request] = requests
      assert.strictEqual(request?.url, "https://control.test/v1/projects")
      assert.strictEqual(request?.headers.get("authorization"), `Bearer ${token}`)
      assert.strictEqual(request?.redirect, "manual")
      assert.deepStrictEqual(yield* Effect.promise(() => request!.json()), input)
    }).pipe(Effect.provide(layer()), Effect.ensuring(Effect.sync(() => vi.unstubAllEnvs())))
  })

  const collisions: ReadonlyArray<readonly [string, Answer]> = [
    ["500 in words", json(500, { error: "internal_error", message: "You already have a project with slug my-api" })],
    ["409 when two creates race", json(409, { error: "conflict", message: "the slug is taken" })]
  ]
  for (const [name, answer] of collisions) {
    it.effect(`fails as a collision: ${name}`, () =>
      Effect.gen(function* () {
        const { error } = yield* failing((client) => client.create(input))
        assert.strictEqual(error._tag, "SlugTaken")
      }).pipe(Effect.provide(jack(answer).layer()))
    )
  }

  const unknown: ReadonlyArray<readonly [string, Answer, RegExp]> = [
    ["text/plain 500", text(500, "Internal Server Error"), /^Internal Server Error$/],
    ["an empty 503", text(503, ""), /^HTTP 503 from POST \/v1\/projects$/],
    ["a proxy's 408", text(408, "slow"), /^slow$/],
    ["JSON that is not the contract's", json(201, { project: { nope: 1 } }), /cannot be decoded/],
    ["no JSON", text(201, "<html>"), /cannot be decoded/],
    ["a lost connection", lost, /did not answer POST \/v1\/projects: fetch failed/],
    ["a lost body", cutOff(201), /did not answer POST \/v1\/projects: connection reset/]
  ]
  for (const [name, answer, message] of unknown) {
    it.effect(`fails with an unknown outcome after one request: ${name}`, () => {
      const { layer, requests } = jack(answer)
      return Effect.gen(function* () {
        const { error } = yield* failing((client) => client.create(input))
        assert.strictEqual(error._tag, "ControlPlaneUnavailable")
        assert.match(error.message, message)
        assert.strictEqual(requests.length, 1)
      }).pipe(Effect.provide(layer()))
    })
  }

  it.effect("gives up after 15 s and closes the connection", () => {
    const { layer, requests } = jack(never)
    return Effect.gen(function* () {
      const { error, seconds } = yield* failing((client) => client.create(input))
      assert.strictEqual(error._tag, "ControlPlaneUnavailable")
      assert.strictEqual(seconds, 15)
      assert.deepStrictEqual([requests.length, requests[0]?.signal.aborted], [1, true])
    }).pipe(Effect.provide(layer()))
  })

  const refusals: ReadonlyArray<readonly [string, Answer, number, string]> = [
    ["a bad slug", json(400, { error: "invalid_request", message: "bad slug" }), 400, "bad slug"],
    ["no such account", json(401, { error: "unauthorized" }), 401, "unauthorized"],
    ["a status whose body is lost", cutOff(400), 400, "HTTP 400 from POST /v1/projects"],
    ["a redirect", () => new Response(null, { status: 307, headers: { location: "https://other.test" } }), 307, "HTTP"],
    ["details", json(400, { error: "e", message: "m", details: ["d1", { path: "d2" }] }), 400, 'm; d1; {"path":"d2"}']
  ]
  for (const [name, answer, status, message] of refusals) {
    it.effect(`is refused: ${name}`, () =>
      Effect.gen(function* () {
        const { error } = yield* failing((client) => client.create(input))
        assert(error._tag === "ControlPlaneRefused")
        assert.strictEqual(error.status, status)
        assert.isTrue(error.message.startsWith(message), error.message)
      }).pipe(Effect.provide(jack(answer).layer()))
    )
  }

  it.effect("never shows the token, and cuts messages to 300 characters", () =>
    Effect.gen(function* () {
      const { error } = yield* failing((client) => client.create(input))
      assert(error._tag === "ControlPlaneRefused")
      assert.notInclude(JSON.stringify(error), token.slice(0, 12))
      assert.include(error.message, "jkt_<redacted>")
      assert.strictEqual(error.message.length, 300)
    }).pipe(Effect.provide(jack(text(403, `${"x".repeat(270)} ${token} ${"y".repeat(300)}`)).layer()))
  )

  it.effect("builds its layer without the token, so that the gateway can name the missing setting", () =>
    Effect.gen(function* () {
      const { create } = yield* ControlPlaneClient
      const exit = yield* Effect.exit(create(input))
      assert.include(String(exit), "CONTROL_PLANE_TOKEN is missing")
    }).pipe(Effect.provide(jack(created).layer({})))
  )
})

describe("reading", () => {
  it.effect("by slug accepts an answer without URL and status", () => {
    const { layer, asked } = jack(json(200, { project: row }))
    return Effect.gen(function* () {
      const found = yield* calling((client) => client.findBySlug("a/b"))
      assert.deepStrictEqual(found, Option.some({ ...project, url: null }))
      assert.deepStrictEqual(asked(), ["GET /v1/projects/by-slug/a%2Fb"])
    }).pipe(Effect.provide(layer()))
  })

  it.effect("by id returns the URL, and drops the secret that Jack adds", () =>
    Effect.gen(function* () {
      const found = yield* calling((client) => client.get("p1"))
      assert.deepStrictEqual(found, Option.some({ ...project, tags: ["mpp-compute"] }))
    }).pipe(
      Effect.provide(jack(json(200, { project: { ...row, cron_secret: "s", tags: ["mpp-compute"] }, url })).layer())
    )
  )

  it.effect("takes a 404 for an answer", () => {
    const { layer, requests } = jack(json(404, { error: "not_found", message: "Project not found" }))
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* calling((client) => client.findBySlug("x")), Option.none())
      assert.deepStrictEqual(yield* calling((client) => client.get("p1")), Option.none())
      assert.strictEqual(requests.length, 2)
    }).pipe(Effect.provide(layer()))
  })

  it.effect("lists projects with tags and times decoded, includes failed rows and skips malformed ones", () => {
    const iso = "2026-03-26T21:00:00.000Z"
    const rows = [
      { ...row, created_at: iso, status: "active", tags: '["mpp-compute","expires:1764000000"]' },
      { ...row, created_at: iso, id: "p2", status: "error", tags: null },
      { ...row, created_at: iso, id: "p3", status: "provisioning", tags: "not json" },
      { id: "p4" },
      { name: "without an id" }
    ]
    return Effect.gen(function* () {
      yield* TestClock.setTime(5000)
      const client = yield* ControlPlaneClient
      const listed = { ...project, url: null }
      assert.deepStrictEqual(yield* Stream.runCollect(client.list()), [
        { ...listed, tags: ["mpp-compute", "expires:1764000000"] },
        { ...listed, id: "p2", status: "error" },
        { ...listed, id: "p3", status: "provisioning" },
        { ...listed, id: "p4", name: "", slug: "", createdAt: 5000 }
      ])
    }).pipe(Effect.provide(jack(json(200, { projects: rows })).layer()))
  })

  it.effect("is repeated at most twice if its outcome is unknown", () => {
    const recovers = jack(text(500, "Internal Server Error"), lost, json(200, { project: row }))
    const down = jack(lost)
    return Effect.gen(function* () {
      const found = yield* calling((client) => client.get("p1")).pipe(Effect.provide(recovers.layer()))
      assert.isTrue(Option.isSome(found))
      const { error, seconds } = yield* failing((client) => client.get("p1")).pipe(Effect.provide(down.layer()))
      assert.strictEqual(error._tag, "ControlPlaneUnavailable")
      assert.deepStrictEqual([recovers.requests.length, down.requests.length], [3, 3])
      assert.isBelow(seconds, 2)
    })
  })

  const timeLimits: ReadonlyArray<
    readonly [number, string, (client: ControlPlaneClient["Service"]) => Effect.Effect<unknown, ControlPlaneError>]
  > = [
    [10, "get", (client) => client.get("p1")],
    [10, "findBySlug", (client) => client.findBySlug("s")],
    [10, "list", (client) => Stream.runDrain(client.list())],
    [10, "account", (client) => client.account()],
    [15, "tag", (client) => client.tag("p1", [])],
    [15, "remove", (client) => client.remove("p1")]
  ]
  for (const [limit, name, call] of timeLimits) {
    it.effect(`${name} gives up after ${limit} s, repetitions included`, () =>
      Effect.gen(function* () {
        const { error, seconds } = yield* failing(call)
        assert.strictEqual(error._tag, "ControlPlaneUnavailable")
        assert.isAtLeast(seconds, limit)
        assert.isBelow(seconds, limit + 1)
      }).pipe(Effect.provide(jack(lost, never).layer()))
    )
  }
})
