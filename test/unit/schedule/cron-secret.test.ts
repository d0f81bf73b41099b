import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { layerSettings } from "../../../src/config.ts"
import { CronSecret } from "../../../src/schedule/CronSecret.ts"
import { testSettings } from "../../support/gateway.ts"
import { layerCronSecretJack } from "../../../src/schedule/cron-secret-jack.ts"

/** The secret's layer over a control plane that gives these answers, and then the last one again. */
const jack = (settings: Record<string, string>, ...answers: ReadonlyArray<unknown>) => {
  const requests: Array<Request> = []
  const fetch = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    requests.push(new Request(input, init))
    return Promise.resolve(Response.json(answers[Math.min(requests.length, answers.length) - 1]))
  }
  const layer = layerCronSecretJack.pipe(
    Layer.provide(FetchHttpClient.layer),
    Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch as typeof globalThis.fetch)),
    Layer.provide(layerSettings()),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ...testSettings, ...settings }))),
    Layer.fresh
  )
  return { layer, requests }
}

const answer = (secret: unknown) => ({ project: { id: "proj_1", cron_secret: secret } })
const read = Effect.flatMap(CronSecret, (secrets) => Effect.map(secrets.read, Option.map(Redacted.value)))

describe("the key of scheduled calls", () => {
  it.effect("reads the secret of its own project with the gateway's token", () => {
    const { layer, requests } = jack({ PROJECT_ID: "proj_1" }, answer("s"))
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* read, Option.some("s"))
      const [request] = requests
      assert.strictEqual(request?.url, "https://control.getjack.org/v1/projects/proj_1")
      assert.strictEqual(request?.headers.get("authorization"), `Bearer ${testSettings.CONTROL_PLANE_TOKEN}`)
    }).pipe(Effect.provide(layer))
  })

  it.effect("answers none without a project id, and sends no request", () => {
    const { layer, requests } = jack({}, answer("s"))
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* read, Option.none())
      assert.strictEqual(requests.length, 0)
    }).pipe(Effect.provide(layer))
  })

  for (const secret of [null, "", undefined]) {
    it.effect(`answers none for the secret ${JSON.stringify(secret)}, which any client could sign with`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* read, Option.none())
      }).pipe(Effect.provide(jack({ PROJECT_ID: "proj_1" }, answer(secret)).layer))
    )
  }

  it.effect("reads the secret once a minute, however many calls come", () => {
    const { layer, requests } = jack({ PROJECT_ID: "proj_1" }, answer("old"), answer("new"))
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* read, Option.some("old"))
      assert.deepStrictEqual(yield* read, Option.some("old"))
      assert.strictEqual(requests.length, 1)
      yield* TestClock.adjust("61 seconds")
      assert.deepStrictEqual(yield* read, Option.some("new"))
    }).pipe(Effect.provide(layer))
  })
})
