import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Answer, calling, failing, jack, json, lost, never, text, url } from "./client.ts"

const placeholder = json(503, { error: "Project is being set up. Deploy your code with 'jack ship'." })
const moved: Answer = () => new Response(null, { status: 302, headers: { location: "https://another.test/" } })
const [head, get] = [`HEAD ${url}/`, `GET ${url}/`]

describe("a site", () => {
  for (const [what, answers, serves, asked] of [
    ["answers 200", [text(200, "hello")], true, [head]],
    ["answers 500 by its code", [json(500, { error: "mine" })], true, [head]],
    ["redirects", [moved], true, [head]],
    ["answers 404 by its code", [text(404, "nothing here")], true, [head, get]],
    ["answers 503 by its code", [json(503, { error: "closed on Sundays" })], true, [head, get]],
    ["answers another thing to GET", [text(404, ""), text(200, "hello")], true, [head, get]],
    [
      "is unknown to the host",
      [json(404, { error: "Project not found", subdomain: "tester-my-api" })],
      false,
      [head, get]
    ],
    ["has the host's placeholder", [placeholder], false, [head, get]],
    ["is switched off by the host", [json(503, { error: "Project not available" })], false, [head, get]]
  ] as const) {
    it.effect(`that ${what} ${serves ? "serves" : "does not serve"}`, () => {
      const { layer, requests } = jack(...answers)
      return Effect.gen(function* () {
        assert.strictEqual(yield* calling((client) => client.serves(url)), serves)
        assert.deepStrictEqual(
          requests.map((request) => `${request.method} ${request.url}`),
          [...asked]
        )
        for (const { headers } of requests) assert.isFalse(headers.has("authorization"), "the token is the host's")
      }).pipe(Effect.provide(layer()))
    })
  }

  for (const [what, answers] of [
    ["cannot be reached", [lost]],
    ["never answers", [never]],
    ["is behind an error of the platform", [text(522, "error code: 522")]],
    ["is of an account that the platform keeps from it", [text(404, ""), text(404, "error code: 1042")]]
  ] as const) {
    it.effect(`that ${what} is no answer`, () =>
      Effect.gen(function* () {
        const { error, seconds } = yield* failing((client) => client.serves(url))
        assert.strictEqual(error._tag, "ControlPlaneUnavailable")
        assert.isAtMost(seconds, 6)
      }).pipe(Effect.provide(jack(...answers).layer()))
    )
  }
})
