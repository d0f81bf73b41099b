import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as TestClock from "effect/testing/TestClock"
import { strFromU8, unzipSync } from "fflate"
import { vi } from "vitest"
import { layerSettings } from "../../../src/config.ts"
import {
  COMPATIBILITY_DATE,
  ControlPlaneClient,
  type ControlPlaneError,
  type Upload
} from "../../../src/control-plane/ControlPlaneClient.ts"
import { layerJack } from "../../../src/control-plane/jack/Jack.ts"

const token = `jkt_${"0123456789abcdef".repeat(4)}`
const settings = { CONTROL_PLANE_URL: "https://control.test/", CONTROL_PLANE_TOKEN: token }

type Answer = () => Response | Promise<Response>

/** A control plane that gives these answers, one a request and the last one for ever, and what it was asked. */
const jack = (...answers: ReadonlyArray<Answer>) => {
  const requests: Array<Request> = []
  const fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
    requests.push(new Request(input, init))
    const answer = answers[Math.min(requests.length, answers.length) - 1]
    return answer === undefined ? new Response("unexpected", { status: 500 }) : answer()
  }
  const layer = (values: Record<string, string> = settings) =>
    layerJack.pipe(
      Layer.provide([layerSettings(), FetchHttpClient.layer]),
      Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(values)))
    )
  const asked = () => requests.map(({ method, url }) => `${method} ${url.replace("https://control.test", "")}`)
  return { requests, layer, asked }
}

const json =
  (status: number, body: unknown): Answer =>
  () =>
    Response.json(body, { status })
const text =
  (status: number, body: string): Answer =>
  () =>
    new Response(body, { status, headers: { "content-type": "text/plain" } })
const lost: Answer = () => Promise.reject(new TypeError("fetch failed"))
const never: Answer = () => new Promise(() => {})
const cutOff =
  (status: number): Answer =>
  () =>
    new Response(new ReadableStream({ start: (stream) => stream.error(new Error("connection reset")) }), { status })

/** Runs to the end, with the clock going as fast as the answers come. */
const run = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) {
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 0)))
      yield* TestClock.adjust("250 millis")
    }
    return yield* Fiber.join(fiber)
  })

/** The failure of a call, and after how many seconds it came. */
const failing = <A, E>(call: (client: ControlPlaneClient["Service"]) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    const error = yield* run(Effect.flip(call(yield* ControlPlaneClient)))
    return { error, seconds: ((yield* Clock.currentTimeMillis) - start) / 1000 }
  })

const calling = <A, E>(call: (client: ControlPlaneClient["Service"]) => Effect.Effect<A, E>) =>
  Effect.flatMap(ControlPlaneClient, (client) => run(call(client)))

const row = { id: "p1", name: "mpp-compute dep_1", slug: "my-api", org_id: "o1", created_at: "2026-03-26 21:00:00" }
const url = "https://tester-my-api.runjack.xyz"
const created = json(201, { project: row, resources: [], url })
const createdAt = Date.UTC(2026, 2, 26, 21)
const project = { id: "p1", name: row.name, slug: "my-api", status: "active", url, tags: [], createdAt }
const input = { name: row.name, slug: "my-api" }
const done = json(200, { success: true, tags: [] })
const code: Upload = { main: "index.js", code: "export default {}", compatibilityFlags: ["nodejs_compat"] }

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
    it.effect(`collision: ${name}`, () =>
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
    it.effect(`outcome unknown, and asked only once: ${name}`, () => {
      const { layer, requests } = jack(answer)
      return Effect.gen(function* () {
        const { error } = yield* failing((client) => client.create(input))
        assert.strictEqual(error._tag, "ControlPlaneUnavailable")
        assert.match(error.message, message)
        assert.strictEqual(requests.length, 1)
      }).pipe(Effect.provide(layer()))
    })
  }

  it.effect("gives up after 15 s, and hangs up", () => {
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
    it.effect(`refused: ${name}`, () =>
      Effect.gen(function* () {
        const { error } = yield* failing((client) => client.create(input))
        assert(error._tag === "ControlPlaneRefused")
        assert.strictEqual(error.status, status)
        assert.isTrue(error.message.startsWith(message), error.message)
      }).pipe(Effect.provide(jack(answer).layer()))
    )
  }

  it.effect("never repeats the token, and keeps messages to 300 characters", () =>
    Effect.gen(function* () {
      const { error } = yield* failing((client) => client.create(input))
      assert(error._tag === "ControlPlaneRefused")
      assert.notInclude(JSON.stringify(error), token.slice(0, 12))
      assert.include(error.message, "jkt_<redacted>")
      assert.strictEqual(error.message.length, 300)
    }).pipe(Effect.provide(jack(text(403, `${"x".repeat(270)} ${token} ${"y".repeat(300)}`)).layer()))
  )

  it.effect("builds without the token, so that the gateway can say what is missing", () =>
    Effect.gen(function* () {
      const { create } = yield* ControlPlaneClient
      const exit = yield* Effect.exit(create(input))
      assert.include(String(exit), "CONTROL_PLANE_TOKEN is missing")
    }).pipe(Effect.provide(jack(created).layer({})))
  )
})

describe("the account", () => {
  const me = (user: unknown) => json(200, { auth: {}, user, org: { id: "o1" } })
  const accounts: ReadonlyArray<readonly [string, unknown, RegExp | undefined]> = [
    ["a plain username", { username: "tester" }, undefined],
    ["one of digits", { id: "u", username: "007" }, undefined],
    ["a hyphen in it", { username: "jane-doe" }, /has a hyphen/],
    ["no username yet", { username: null }, /has no username/],
    ["an empty one", { username: "" }, /has no username/],
    ["none at all", {}, /has no username/],
    ["no row of the user", null, /has no username/]
  ]
  for (const [name, user, unusable] of accounts) {
    it.effect(`${unusable === undefined ? "can" : "cannot"} be reached: ${name}`, () => {
      const { layer, asked } = jack(me(user))
      return Effect.gen(function* () {
        const account = yield* calling((client) => client.account())
        assert.deepStrictEqual(asked(), ["GET /v1/me"])
        assert.strictEqual(account.usable, unusable === undefined)
        if (!account.usable) assert.match(account.reason, unusable!)
      }).pipe(Effect.provide(layer()))
    })
  }

  it.effect("is remembered for 5 seconds, whatever it is", () => {
    const { layer, requests } = jack(me({ username: null }), me({ username: "tester" }))
    return Effect.gen(function* () {
      const client = yield* ControlPlaneClient
      assert.isFalse((yield* run(client.account())).usable)
      yield* TestClock.adjust("4 seconds")
      assert.isFalse((yield* client.account()).usable)
      assert.strictEqual(requests.length, 1)
      yield* TestClock.adjust("1 second")
      assert.isTrue((yield* run(client.account())).usable)
      assert.strictEqual(requests.length, 2)
    }).pipe(Effect.provide(layer()))
  })

  const failures: ReadonlyArray<readonly [string, Answer, ControlPlaneError["_tag"], number]> = [
    ["401, once", json(401, { error: "unauthorized" }), "ControlPlaneRefused", 1],
    ["404: somebody else's address", text(404, "404 Not Found"), "ControlPlaneRefused", 1],
    ["text/plain 500", text(500, "Internal Server Error"), "ControlPlaneUnavailable", 3],
    ["a page", text(200, "<html>"), "ControlPlaneUnavailable", 3],
    ["another JSON", json(200, []), "ControlPlaneUnavailable", 3],
    ["a username that is none", me({ username: 7 }), "ControlPlaneUnavailable", 3],
    ["a lost connection", lost, "ControlPlaneUnavailable", 3]
  ]
  for (const [name, answer, tag, times] of failures) {
    it.effect(`is not known, and not remembered: ${name}`, () => {
      const { layer, requests } = jack(answer)
      return Effect.gen(function* () {
        const { error } = yield* failing((client) => client.account())
        assert.deepStrictEqual([error._tag, requests.length], [tag, times])
        yield* failing((client) => client.account())
        assert.strictEqual(requests.length, 2 * times)
      }).pipe(Effect.provide(layer()))
    })
  }
})

describe("reading", () => {
  it.effect("by slug: the answer need not tell the URL, nor the status", () => {
    const { layer, asked } = jack(json(200, { project: row }))
    return Effect.gen(function* () {
      const found = yield* calling((client) => client.findBySlug("a/b"))
      assert.deepStrictEqual(found, Option.some({ ...project, url: null }))
      assert.deepStrictEqual(asked(), ["GET /v1/projects/by-slug/a%2Fb"])
    }).pipe(Effect.provide(layer()))
  })

  it.effect("by id: with the URL, and without the secret that Jack adds", () =>
    Effect.gen(function* () {
      const found = yield* calling((client) => client.get("p1"))
      assert.deepStrictEqual(found, Option.some({ ...project, tags: ["mpp-compute"] }))
    }).pipe(
      Effect.provide(jack(json(200, { project: { ...row, cron_secret: "s", tags: ["mpp-compute"] }, url })).layer())
    )
  )

  it.effect("404 is an answer", () => {
    const { layer, requests } = jack(json(404, { error: "not_found", message: "Project not found" }))
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* calling((client) => client.findBySlug("x")), Option.none())
      assert.deepStrictEqual(yield* calling((client) => client.get("p1")), Option.none())
      assert.strictEqual(requests.length, 2)
    }).pipe(Effect.provide(layer()))
  })

  it.effect("the list: tags are a JSON string, times ISO, failed rows included, odd ones left out", () => {
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
      assert.deepStrictEqual(yield* client.list(), [
        { ...listed, tags: ["mpp-compute", "expires:1764000000"] },
        { ...listed, id: "p2", status: "error" },
        { ...listed, id: "p3", status: "provisioning" },
        { ...listed, id: "p4", name: "", slug: "", createdAt: 5000 }
      ])
    }).pipe(Effect.provide(jack(json(200, { projects: rows })).layer()))
  })

  it.effect("is repeated when its outcome is unknown, twice at most", () => {
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

  const patience: ReadonlyArray<
    readonly [number, string, (client: ControlPlaneClient["Service"]) => Effect.Effect<unknown, ControlPlaneError>]
  > = [
    [10, "get", (client) => client.get("p1")],
    [10, "findBySlug", (client) => client.findBySlug("s")],
    [10, "list", (client) => client.list()],
    [10, "account", (client) => client.account()],
    [15, "tag", (client) => client.tag("p1", [])],
    [15, "remove", (client) => client.remove("p1")]
  ]
  for (const [limit, name, call] of patience) {
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

describe("tag", () => {
  it.effect("replaces the tags", () => {
    const { layer, requests, asked } = jack(text(500, "Internal Server Error"), done)
    return Effect.gen(function* () {
      yield* calling((client) => client.tag("p1", ["mpp-compute", "expires:1764000000"]))
      assert.deepStrictEqual(asked(), ["PUT /v1/projects/p1/tags", "PUT /v1/projects/p1/tags"])
      const body = yield* Effect.promise(() => requests[1]!.json())
      assert.deepStrictEqual(body, { tags: ["mpp-compute", "expires:1764000000"] })
    }).pipe(Effect.provide(layer()))
  })

  it.effect("is refused once: a 400 stays one", () => {
    const { layer, requests } = jack(json(400, { error: "invalid_request", message: "Invalid tag" }))
    return Effect.gen(function* () {
      const { error } = yield* failing((client) => client.tag("p1", ["-"]))
      assert.strictEqual(error._tag, "ControlPlaneRefused")
      assert.strictEqual(requests.length, 1)
    }).pipe(Effect.provide(layer()))
  })
})

describe("upload", () => {
  const live = json(201, { id: "d2", project_id: "p1", status: "live", warnings: [] })

  it.effect("sends the manifest and the zipped module as file parts with a filename", () => {
    const { layer, requests, asked } = jack(live)
    return Effect.gen(function* () {
      yield* TestClock.setTime(createdAt)
      yield* calling((client) => client.upload("p1", { ...code, message: "dep_1" }))
      assert.deepStrictEqual(asked(), ["POST /v1/projects/p1/deployments/upload"])
      const form = yield* Effect.promise(() => requests[0]!.formData())
      assert.deepStrictEqual([...form.keys()].toSorted(), ["bundle", "manifest", "message"])
      const manifest = form.get("manifest") as unknown as File
      assert.deepStrictEqual([manifest.name, manifest.type], ["manifest.json", "application/json"])
      assert.deepStrictEqual(JSON.parse(yield* Effect.promise(() => manifest.text())), {
        version: 1,
        entrypoint: "index.js",
        compatibility_date: COMPATIBILITY_DATE,
        compatibility_flags: ["nodejs_compat"],
        module_format: "esm",
        built_at: "2026-03-26T21:00:00.000Z"
      })
      const bundle = form.get("bundle") as unknown as File
      assert.strictEqual(bundle.name, "bundle.zip")
      const files = unzipSync(new Uint8Array(yield* Effect.promise(() => bundle.arrayBuffer())))
      assert.deepStrictEqual(Object.keys(files), ["index.js"])
      assert.strictEqual(strFromU8(files["index.js"]!), code.code)
      assert.strictEqual(form.get("message"), "dep_1")
    }).pipe(Effect.provide(layer()))
  })

  it.effect("zips the same code into the same bytes, whenever and wherever", () => {
    const { layer, requests } = jack(live)
    const bundle = (request: Request | undefined) =>
      Effect.promise(
        async () => new Uint8Array(await ((await request!.formData()).get("bundle") as File).arrayBuffer())
      )
    return Effect.gen(function* () {
      yield* calling((client) => client.upload("p1", code))
      vi.stubEnv("TZ", "Asia/Kolkata")
      vi.setSystemTime(Date.UTC(2031, 5, 1))
      yield* calling((client) => client.upload("p1", code))
      assert.deepStrictEqual(yield* bundle(requests[0]), yield* bundle(requests[1]))
    }).pipe(Effect.provide(layer()), Effect.ensuring(Effect.sync(() => [vi.unstubAllEnvs(), vi.useRealTimers()])))
  })

  const rejected: ReadonlyArray<readonly [string, Answer, RegExp]> = [
    [
      "code that does not start",
      json(500, { error: "internal_error", message: "Cloudflare API error: [10021] Uncaught Error: boom" }),
      /\[10021\] Uncaught Error: boom/
    ],
    ["code without handlers", text(500, "Cloudflare API error: [10068] no registered event handlers"), /10068/],
    [
      "a manifest that does not fit the code",
      json(400, { error: "invalid_manifest", message: "Invalid manifest", details: ["entrypoint not in bundle"] }),
      /^Invalid manifest; entrypoint not in bundle$/
    ]
  ]
  for (const [name, answer, message] of rejected) {
    it.effect(`rejects ${name}`, () =>
      Effect.gen(function* () {
        const { error } = yield* failing((client) => client.upload("p1", code))
        assert.strictEqual(error._tag, "CodeRejected")
        assert.match(error.message, message)
      }).pipe(Effect.provide(jack(answer).layer()))
    )
  }

  const others: ReadonlyArray<readonly [string, Answer, ControlPlaneError["_tag"]]> = [
    ["no such project", json(404, { error: "not_found", message: "Project not found" }), "ControlPlaneRefused"],
    ["a missing part", json(400, { error: "invalid_request", message: "bundle is required" }), "ControlPlaneRefused"],
    ["a deployment that failed", json(201, { id: "d2", status: "failed" }), "ControlPlaneRefused"],
    ["Cloudflare's own trouble", text(500, "Cloudflare API error: [10013] internal"), "ControlPlaneUnavailable"],
    ["a text/plain 500", text(500, "Internal Server Error"), "ControlPlaneUnavailable"],
    ["an answer without a status", json(201, { id: "d2" }), "ControlPlaneUnavailable"],
    ["a lost answer", lost, "ControlPlaneUnavailable"]
  ]
  for (const [name, answer, tag] of others) {
    it.effect(`${tag}, asked only once: ${name}`, () => {
      const { layer, requests } = jack(answer)
      return Effect.gen(function* () {
        const { error } = yield* failing((client) => client.upload("p1", code))
        assert.strictEqual(error._tag, tag)
        assert.strictEqual(requests.length, 1)
      }).pipe(Effect.provide(layer()))
    })
  }

  it.effect("gives up after 30 s", () =>
    Effect.gen(function* () {
      const { error, seconds } = yield* failing((client) => client.upload("p1", code))
      assert.deepStrictEqual([error._tag, seconds], ["ControlPlaneUnavailable", 30])
    }).pipe(Effect.provide(jack(never).layer()))
  )

  const queued = json(201, { id: "d2", project_id: "p1", status: "queued" })
  const latest = (id: string) => json(200, { deployment: { id, status: "live" } })

  it.effect("waits for its own deployment to be live: past none, the one before it, and an outage", () => {
    const outage = [lost, lost, lost, json(401, { error: "unauthorized" })]
    const { layer, asked } = jack(queued, json(404, { error: "not_found" }), latest("d1"), ...outage, latest("d2"))
    return Effect.gen(function* () {
      yield* calling((client) => client.upload("p1", code))
      assert.strictEqual(asked().length, 8)
      assert.deepStrictEqual(new Set(asked().slice(1)), new Set(["GET /v1/projects/p1/deployments/latest"]))
    }).pipe(Effect.provide(layer()))
  })

  it.effect("waits for 30 s", () =>
    Effect.gen(function* () {
      const { error, seconds } = yield* failing((client) => client.upload("p1", code))
      assert.strictEqual(error._tag, "ControlPlaneUnavailable")
      assert.match(error.message, /did not finish building in 30 seconds/)
      assert.isAtLeast(seconds, 30)
      assert.isBelow(seconds, 32)
    }).pipe(Effect.provide(jack(json(201, { id: "d2", status: "building" }), latest("d1")).layer()))
  )

  it.effect("does not wait when the project is no longer ours to ask about", () =>
    Effect.gen(function* () {
      const { error } = yield* failing((client) => client.upload("p1", code))
      assert.strictEqual(error._tag, "ControlPlaneRefused")
    }).pipe(Effect.provide(jack(queued, json(403, { error: "forbidden" })).layer()))
  )
})

describe("remove", () => {
  it.effect("is done when the project is gone, also by an attempt whose answer was lost", () => {
    const { layer, asked } = jack(lost, json(404, { error: "not_found" }))
    return Effect.gen(function* () {
      yield* calling((client) => client.remove("p1"))
      assert.deepStrictEqual(asked(), ["DELETE /v1/projects/p1", "DELETE /v1/projects/p1"])
    }).pipe(Effect.provide(layer()))
  })

  it.effect("says in the log what is left over", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ message, logLevel, fiber }) => {
      const annotations = fiber.getRef(References.CurrentLogAnnotations)
      lines.push(`${logLevel} ${String(message)} ${JSON.stringify(annotations)}`)
    })
    const partial = json(200, { success: true, warnings: `the database is still there (${token})` })
    return Effect.gen(function* () {
      yield* calling((client) => client.remove("p1"))
      assert.strictEqual(lines.length, 1)
      assert.match(lines[0]!, /^Warn a project was deleted only in part .*"projectId":"p1".*still there/)
      assert.notInclude(lines[0]!, token)
    }).pipe(Effect.provide(jack(partial).layer()), Effect.provide(Logger.layer([logger])))
  })

  it.effect("does not take another's word for it: a page, or a failure with status 200", () =>
    Effect.gen(function* () {
      for (const answer of [text(200, "<html>welcome"), json(200, { success: false })]) {
        const { error } = yield* failing((client) => client.remove("p1")).pipe(Effect.provide(jack(answer).layer()))
        assert.strictEqual(error._tag, "ControlPlaneUnavailable")
      }
    })
  )
})
