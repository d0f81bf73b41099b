import * as Clock from "effect/Clock"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { layerSettings } from "../../../../src/config.ts"
import { ControlPlaneClient, type Upload } from "../../../../src/control-plane/ControlPlaneClient.ts"
import { layerJack } from "../../../../src/control-plane/jack/Jack.ts"

export const token = `jkt_${"0123456789abcdef".repeat(4)}`
export const settings = { CONTROL_PLANE_URL: "https://control.test/", CONTROL_PLANE_TOKEN: token }

export type Answer = () => Response | Promise<Response>

/** A control plane that gives these answers, one for each request and then the last one again, and records its requests. */
export const jack = (...answers: ReadonlyArray<Answer>) => {
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

export const json =
  (status: number, body: unknown): Answer =>
  () =>
    Response.json(body, { status })
export const text =
  (status: number, body: string): Answer =>
  () =>
    new Response(body, { status, headers: { "content-type": "text/plain" } })
export const lost: Answer = () => Promise.reject(new TypeError("fetch failed"))
export const never: Answer = () => new Promise(() => {})
export const cutOff =
  (status: number): Answer =>
  () =>
    new Response(new ReadableStream({ start: (stream) => stream.error(new Error("connection reset")) }), { status })

/** Runs an effect to its end. The clock advances as fast as the answers come. */
export const run = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) {
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 0)))
      yield* TestClock.adjust("250 millis")
    }
    return yield* Fiber.join(fiber)
  })

/** Returns the failure of a call, and the seconds until it came. */
export const failing = <A, E>(call: (client: ControlPlaneClient["Service"]) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    const error = yield* run(Effect.flip(call(yield* ControlPlaneClient)))
    return { error, seconds: ((yield* Clock.currentTimeMillis) - start) / 1000 }
  })

export const calling = <A, E>(call: (client: ControlPlaneClient["Service"]) => Effect.Effect<A, E>) =>
  Effect.flatMap(ControlPlaneClient, (client) => run(call(client)))

export const row = {
  id: "p1",
  name: "mpp-compute dep_1",
  slug: "my-api",
  org_id: "o1",
  created_at: "2026-03-26 21:00:00"
}
export const url = "https://tester-my-api.runjack.xyz"
export const created = json(201, { project: row, resources: [], url })
export const createdAt = Date.UTC(2026, 2, 26, 21)
export const project = { id: "p1", name: row.name, slug: "my-api", status: "active", url, tags: [], createdAt }
export const input = { name: row.name, slug: "my-api" }
export const done = json(200, { success: true, tags: [] })
export const code: Upload = { main: "index.js", code: "export default {}", compatibilityFlags: ["nodejs_compat"] }
