import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as TestClock from "effect/testing/TestClock"
import { strFromU8, unzipSync } from "fflate"
import { vi } from "vitest"
import { COMPATIBILITY_DATE, type ControlPlaneError } from "../../../../src/control-plane/ControlPlaneClient.ts"
import { token, jack, json, text, lost, never, failing, calling, createdAt, done, code, type Answer } from "./client.ts"

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

  it.effect("is refused by a 400, and not repeated", () => {
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

  it.effect("zips the same code into the same bytes at every time and in every zone", () => {
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
    [
      "code with assets that does not start",
      text(500, "Failed to upload dispatch script with assets: [10021] Uncaught Error: boom"),
      /\[10021\] Uncaught Error: boom/
    ],
    [
      "a class that an earlier migration has made",
      text(500, "Cloudflare API error: [10074] Cannot apply new-sqlite-class migration to class 'Room'"),
      /10074/
    ],
    [
      "code that no longer exports a class with objects",
      text(500, "Failed to upload dispatch script with assets: [10064] New version of script does not export class"),
      /10064/
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

  it.effect("shows no part of a secret, even if the host's words are cut within it", () =>
    Effect.gen(function* () {
      const secret = `"${"s3cret".repeat(40)}"`
      for (const form of [secret, JSON.stringify(secret), Buffer.from(secret).toString("base64")]) {
        for (const begin of ["Cloudflare API error: [10021] Uncaught Error: ", "The secrets cannot be set: "]) {
          const words = `${begin.padEnd(290, "-")}${form}`
          const { error } = yield* failing((client) =>
            client.upload("p1", { ...code, secrets: { API_KEY: secret } })
          ).pipe(Effect.provide(jack(json(500, { error: "internal_error", message: words })).layer()))
          assert.strictEqual(error._tag, begin.includes("10021") ? "CodeRejected" : "ControlPlaneUnavailable")
          assert.match(error.message, /contains a value of env/)
          assert.notInclude(error.message, form.slice(0, 6))
        }
      }
    })
  )

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
    it.effect(`fails with ${tag} after one request: ${name}`, () => {
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

  it.effect("waits until its own deployment is live, through no deployment, an earlier one and an outage", () => {
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

  it.effect("does not wait if the project is no longer the account's", () =>
    Effect.gen(function* () {
      const { error } = yield* failing((client) => client.upload("p1", code))
      assert.strictEqual(error._tag, "ControlPlaneRefused")
    }).pipe(Effect.provide(jack(queued, json(403, { error: "forbidden" })).layer()))
  )
})

describe("remove", () => {
  it.effect("succeeds if the project is gone, even by an attempt whose answer was lost", () => {
    const { layer, asked } = jack(lost, json(404, { error: "not_found" }))
    return Effect.gen(function* () {
      yield* calling((client) => client.remove("p1"))
      assert.deepStrictEqual(asked(), ["DELETE /v1/projects/p1", "DELETE /v1/projects/p1"])
    }).pipe(Effect.provide(layer()))
  })

  it.effect("logs what is left over", () => {
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

  it.effect("does not accept a page, or a failure with status 200", () =>
    Effect.gen(function* () {
      for (const answer of [text(200, "<html>welcome"), json(200, { success: false })]) {
        const { error } = yield* failing((client) => client.remove("p1")).pipe(Effect.provide(jack(answer).layer()))
        assert.strictEqual(error._tag, "ControlPlaneUnavailable")
      }
    })
  )
})
