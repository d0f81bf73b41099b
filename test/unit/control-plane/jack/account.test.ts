import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { ControlPlaneClient, type ControlPlaneError } from "../../../../src/control-plane/ControlPlaneClient.ts"
import { jack, json, text, lost, run, failing, calling, type Answer } from "./client.ts"

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

  it.effect("is cached for 5 seconds, usable or not", () => {
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
    it.effect(`is unknown and not cached: ${name}`, () => {
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
