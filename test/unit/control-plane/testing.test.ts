import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import {
  ControlPlaneClient,
  ControlPlaneRefused,
  ControlPlaneUnavailable
} from "../../../src/control-plane/ControlPlaneClient.ts"
import {
  ControlPlaneMemory,
  failsWith,
  goesWell,
  layerControlPlaneMemory,
  losesItsAnswer
} from "../../../src/control-plane/testing.ts"

const input = { name: "mpp-compute dep_1", slug: "my-api" }
const upload = { main: "index.js", code: "export default {}", compatibilityFlags: [] }

const using = <A, E>(memory: ControlPlaneMemory, use: (client: ControlPlaneClient["Service"]) => Effect.Effect<A, E>) =>
  Effect.flatMap(ControlPlaneClient, use).pipe(Effect.provide(layerControlPlaneMemory(memory)))

describe("layerControlPlaneMemory", () => {
  it.effect("makes, finds, tags, uploads, lists and removes", () => {
    const memory = new ControlPlaneMemory()
    return Effect.gen(function* () {
      const client = yield* ControlPlaneClient
      const project = yield* client.create(input)
      assert.strictEqual(project.url, "https://tester-my-api.runjack.test")
      yield* client.tag(project.id, ["mpp-compute", "expires:1764000000"])
      yield* client.upload(project.id, upload)
      assert.deepStrictEqual(memory.projects.get(project.id)?.uploads, [upload])
      const tagged = { ...project, tags: ["mpp-compute", "expires:1764000000"] }
      assert.deepStrictEqual(yield* client.get(project.id), Option.some(tagged))
      assert.deepStrictEqual(yield* client.findBySlug("my-api"), Option.some({ ...tagged, url: null }))
      assert.deepStrictEqual(yield* Stream.runCollect(client.list()), [{ ...tagged, url: null }])
      yield* client.remove(project.id)
      yield* client.remove(project.id)
      assert.deepStrictEqual(yield* client.get(project.id), Option.none())
      const refused = yield* Effect.flip(client.upload(project.id, upload))
      assert(refused._tag === "ControlPlaneRefused")
      assert.strictEqual(refused.status, 404)
      assert.deepStrictEqual(memory.calls.slice(0, 3), ["create my-api", "tag project-1", "upload project-1"])
    }).pipe(Effect.provide(layerControlPlaneMemory(memory)))
  })

  it.effect("refuses the slugs and tags that Jack refuses", () =>
    using(new ControlPlaneMemory(), (client) =>
      Effect.gen(function* () {
        const { id } = yield* client.create(input)
        const errors = [
          yield* Effect.flip(client.create(input)),
          yield* Effect.flip(client.create({ ...input, slug: "cut-" })),
          yield* Effect.flip(client.tag(id, ["expires:"])),
          yield* Effect.flip(client.tag(id, ["a".repeat(51)])),
          yield* Effect.flip(
            client.tag(
              id,
              Array.from({ length: 21 }, () => "ab")
            )
          )
        ]
        const refused = errors.slice(1).map(() => "ControlPlaneRefused")
        assert.deepStrictEqual(
          errors.map((error) => error._tag),
          ["SlugTaken", ...refused]
        )
      })
    )
  )

  it.effect("applies the scripted faults, one for each call, and then succeeds", () => {
    const memory = new ControlPlaneMemory()
      .next("upload", failsWith(new ControlPlaneRefused({ status: 400, message: "no" })), goesWell)
      .next("upload", failsWith(new ControlPlaneUnavailable({ message: "down" })))
    const { id } = memory.seed({ slug: "my-api" })
    return using(memory, (client) =>
      Effect.gen(function* () {
        const attempts = []
        for (let attempt = 0; attempt < 4; attempt++) {
          attempts.push(
            yield* client.upload(id, upload).pipe(Effect.match({ onFailure: (e) => e._tag, onSuccess: () => "ok" }))
          )
        }
        assert.deepStrictEqual(attempts, ["ControlPlaneRefused", "ok", "ControlPlaneUnavailable", "ok"])
        assert.strictEqual(memory.projects.get(id)?.uploads.length, 2)
      })
    )
  })

  it.effect("loses an answer whose effect a later layer over the same memory sees", () => {
    const memory = new ControlPlaneMemory().next("create", losesItsAnswer)
    return Effect.gen(function* () {
      const error = yield* using(memory, (client) => Effect.flip(client.create(input)))
      assert.strictEqual(error._tag, "ControlPlaneUnavailable")
      const found = yield* using(memory, (client) => client.findBySlug("my-api"))
      assert.deepStrictEqual(
        Option.map(found, (project) => project.name),
        Option.some(input.name)
      )
    })
  })

  it.effect("leaves a failed row, which blocks the slug", () => {
    const memory = new ControlPlaneMemory()
    memory.next("create", memory.leaves("error"))
    return using(memory, (client) =>
      Effect.gen(function* () {
        assert.strictEqual((yield* Effect.flip(client.create(input)))._tag, "ControlPlaneUnavailable")
        assert.strictEqual((yield* Effect.flip(client.create(input)))._tag, "SlugTaken")
        assert.deepStrictEqual(
          [...memory.projects.values()].map(({ status }) => status),
          ["error"]
        )
      })
    )
  })
})
