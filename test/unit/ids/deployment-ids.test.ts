import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { assert, describe, it } from "vitest"
import { layerSettings } from "../../../src/config.ts"
import { ControlPlaneUnavailable, type Project } from "../../../src/control-plane/ControlPlaneClient.ts"
import { ControlPlaneMemory, failsWith, layerControlPlaneMemory } from "../../../src/control-plane/testing.ts"
import { projectName } from "../../../src/control-plane/slug.ts"
import { randomText } from "../../../src/domain/DeploymentId.ts"
import { DeploymentIds, layerDeploymentIds } from "../../../src/ids/DeploymentIds.ts"
import { IdStore, IdStoreUnavailable } from "../../../src/ids/IdStore.ts"
import { testSettings } from "../../support/gateway.ts"
import { layerIdStoreMemory } from "../../../src/ids/testing.ts"

const order = "0123456789abcdefghjk"
const invented = (length: number) => `dep_${randomText(length)}`

/** Makes one isolate after the other, on the same store and the same host. */
const world = (store = layerIdStoreMemory) => {
  const host = new ControlPlaneMemory()
  const built = Effect.runSync(Effect.scoped(Effect.provide(IdStore, store)))
  const lists = () => host.calls.filter((call) => call.startsWith("list")).length
  const isolate = (secret: string | undefined = testSettings["MPP_SECRET_KEY"]) => {
    const { MPP_SECRET_KEY: _, ...others } = testSettings
    const vars = secret === undefined ? others : { ...others, MPP_SECRET_KEY: secret }
    const layer = layerDeploymentIds.pipe(
      Layer.provide([
        layerControlPlaneMemory(host),
        Layer.succeed(IdStore, built),
        layerSettings().pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(vars))))
      ])
    )
    const ids = Effect.runSync(Effect.scoped(Effect.provide(DeploymentIds, layer)))
    return {
      make: () => Effect.runPromise(ids.make(order)),
      note: (projects: ReadonlyArray<Project>) =>
        Effect.runPromise(Stream.runDrain(ids.note(Stream.fromIterable(projects)))),
      orderOf: (id: string) => Effect.runPromise(ids.orderOf(id)),
      exit: (id: string) => Effect.runPromise(Effect.flip(ids.orderOf(id)))
    }
  }
  return { host, lists, isolate, store: built }
}

describe("deployment ids", () => {
  it("recognizes its own ids without a request, and refuses invented ones", async () => {
    const { host, isolate } = world()
    const ids = isolate()
    const id = await ids.make()
    assert.strictEqual(await ids.orderOf(id), order)
    assert.strictEqual(await isolate().orderOf(id), order)
    for (let count = 0; count < 100; count++) assert.isUndefined(await ids.orderOf(invented(40)))
    assert.deepStrictEqual(host.calls, [])
  })

  it("recognizes ids after MPP_SECRET_KEY was changed twice, or removed", async () => {
    const { isolate } = world()
    const first = await isolate().make()
    const second = await isolate("another secret of thirty-two characters").make()
    await new Promise((resolve) => setTimeout(resolve, 10))
    for (const secret of ["a third secret of thirty-two characters", undefined]) {
      const ids = isolate(secret === undefined ? "short" : secret)
      assert.strictEqual(await ids.orderOf(first), order)
      assert.strictEqual(await ids.orderOf(second), order)
      assert.isUndefined(await ids.orderOf(invented(40)))
    }
  })

  it("recognizes ids of earlier releases by their project at the host, also after its deletion", async () => {
    const { host, lists, isolate } = world()
    const [earlier, other] = [invented(26), invented(26)]
    const project = host.seed({ slug: "earlier", name: projectName(earlier) })
    assert.strictEqual(await isolate().orderOf(earlier), earlier.slice(4, 24))
    assert.isUndefined(await isolate().orderOf(other))
    host.projects.delete(project.id)
    assert.strictEqual(await isolate().orderOf(earlier), earlier.slice(4, 24))
    assert.strictEqual(lists(), 1)
  })

  it("writes nothing for invented ids of earlier releases, and does not ask the host after a sweep has stored them", async () => {
    const { host, lists, isolate, store } = world()
    assert.isUndefined(await isolate().orderOf(invented(26)))
    assert.strictEqual((await Effect.runPromise(store.earlier))._tag, "None")
    const id = invented(26)
    const project = host.seed({ slug: "earlier", name: projectName(id) })
    await isolate().note([project, host.seed({ slug: "today", name: projectName(invented(40)) })])
    const before = lists()
    assert.strictEqual(await isolate().orderOf(id), id.slice(4, 24))
    assert.isUndefined(await isolate().orderOf(invented(26)))
    assert.strictEqual(lists(), before)
    const earlier = await Effect.runPromise(store.earlier)
    assert.deepStrictEqual(earlier._tag === "Some" && earlier.value.ids, [id])
  })

  it("stores no more than 20,000 ids of earlier releases, and keeps those that it has", async () => {
    const { host, isolate, store } = world()
    const first = host.seed({ slug: "first", name: projectName(invented(26)) })
    await isolate().note([first])
    const many = Array.from({ length: 25_000 }, (_, n) => ({ ...first, id: `p${n}`, name: projectName(invented(26)) }))
    await isolate().note(many)
    await isolate().note([...many].toReversed())
    const earlier = await Effect.runPromise(store.earlier)
    const ids = earlier._tag === "Some" ? earlier.value.ids : []
    assert.strictEqual(ids.length, 20_000)
    assert.strictEqual(projectName(ids[0] ?? ""), first.name)
  })

  it("asks the host once for many invented ids of earlier releases", async () => {
    const { host, lists, isolate } = world()
    host.next("list", Effect.delay("30 millis"))
    const ids = isolate()
    const found = await Promise.all(Array.from({ length: 80 }, () => ids.orderOf(invented(26))))
    assert.isTrue(found.every((name) => name === undefined))
    assert.strictEqual(lists(), 1)
  })

  it("answers busy, and not unknown, when ids cannot be looked up", async () => {
    const { host, isolate } = world()
    host.next("list", failsWith(new ControlPlaneUnavailable({ message: "down" })))
    const id = invented(26)
    host.seed({ slug: "earlier", name: projectName(id) })
    const ids = isolate()
    assert.strictEqual((await ids.exit(id)).code, "busy")
    assert.strictEqual(await ids.orderOf(id), id.slice(4, 24))

    const unavailable = Effect.fail(new IdStoreUnavailable({ message: "down" }))
    const broken = world(
      Layer.succeed(IdStore, {
        keys: unavailable,
        addKey: () => unavailable,
        earlier: unavailable,
        putEarlier: () => unavailable
      })
    ).isolate()
    assert.strictEqual(await broken.orderOf(await broken.make()), order)
    assert.strictEqual((await broken.exit(invented(40))).code, "busy")
  })
})
