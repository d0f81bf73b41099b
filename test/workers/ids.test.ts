import { env, listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { exports } from "cloudflare:workers"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { assert, describe, it } from "vitest"
import { layerSettings } from "../../src/config.ts"
import { projectName } from "../../src/control-plane/slug.ts"
import { makePurchaseStore } from "../../src/orders/purchase/PurchaseStoreSql.ts"
import { parseId, randomText } from "../../src/domain/DeploymentId.ts"
import { timestamp } from "../../src/domain/Order.ts"
import { DeploymentIds, layerDeploymentIds } from "../../src/ids/DeploymentIds.ts"
import { testCredential } from "../../src/payment/testing.ts"
import { asUpdate, testSettings } from "../support/gateway.ts"
import { host, payments } from "./main.ts"
import { layerControlPlaneMemory } from "../../src/control-plane/testing.ts"
import { layerIdStoreKv } from "../../src/ids/kv.ts"
import { edited } from "../support/purchase.ts"

const body = JSON.stringify({ files: { "index.ts": "export default 'an earlier release'" }, name: "earlier" })

const call = async (method: string, path: string, content: string, headers: Record<string, string> = {}) => {
  const request = (more: Record<string, string> = {}) =>
    exports.default.fetch(`http://gateway.test${path}`, {
      method,
      body: method === "PUT" ? asUpdate(content) : content,
      headers: { "content-type": "application/json", ...headers, ...more }
    })
  const challenge = (await request()).headers.get("www-authenticate") ?? ""
  return request({ authorization: testCredential(challenge, "0xpayer") })
}
const mine = { "idempotency-key": "mine" }
const get = (id: string) => exports.default.fetch(`http://gateway.test/deployments/${id}`)
const objectOf = (id: string) => env.ORDERS.get(env.ORDERS.idFromName(parseId(id)?.order ?? ""))

/** Deploys, and rewrites the purchase's row and the project's name to those of an earlier release. */
const deployEarlier = async () => {
  const answer = (await (await call("POST", "/deploy", body, mine)).json()) as { deployment_id: string }
  const today = answer.deployment_id
  const earlier = `${today.slice(0, 24)}${randomText(6)}`
  await runInDurableObject(objectOf(today), (_order, { storage }) => {
    storage.sql.exec("UPDATE purchase SET id = ?, data = replace(data, ?, ?)", earlier, today, earlier)
    // Earlier releases did not distinguish clients' keys from random ones.
    storage.sql.exec("UPDATE purchase SET data = replace(data, 'own_', 'key_')")
    storage.sql.exec("UPDATE claim SET purchase = ?, name = replace(name, 'own_', 'key_')", earlier)
  })
  const project = [...host.projects.values()].find(({ name }) => name === projectName(today))!
  host.projects.set(project.id, { ...project, name: projectName(earlier) })
  return { today, earlier, project: project.id }
}

describe("a deployment of an earlier release, whose id has no check", () => {
  it("is read, updated and deleted as before", async () => {
    const { today, earlier, project } = await deployEarlier()
    const captured = payments.captured.size
    const status = (await (await get(earlier)).json()) as Record<string, unknown>
    assert.deepInclude(status, { deployment_id: earlier, status: "live", charged: true })
    assert.strictEqual((await get(today)).status, 404)
    const repeated = await call("POST", "/deploy", body, mine)
    assert.strictEqual(repeated.status, 200, await repeated.clone().text())
    assert.strictEqual(payments.captured.size, captured)

    const updated = await call("PUT", `/deployments/${earlier}`, `${body} `)
    assert.strictEqual(updated.status, 200, await updated.clone().text())
    assert.strictEqual(((await updated.json()) as Record<string, unknown>)["deployment_id"], earlier)
    assert.strictEqual(host.projects.get(project)?.uploads.length, 2)

    await runInDurableObject(objectOf(earlier), (_order, { storage }) => {
      const store = makePurchaseStore(storage)
      const purchase = store.byId(earlier)!
      const answer = { ...purchase.answer!, expires_at: timestamp(Date.now() - 2000) }
      store.save(edited(purchase, { answer, due: Date.now() - 1 }))
    })
    assert.isTrue(await runDurableObjectAlarm(objectOf(earlier)))
    assert.isFalse(host.projects.has(project))
    assert.strictEqual(((await (await get(earlier)).json()) as Record<string, unknown>)["status"], "expired")
    assert.strictEqual(payments.captured.size, captured)
  })
})

describe("a change of MPP_SECRET_KEY", () => {
  it("leaves earlier ids recognizable through the keys in real KV, and invented ids unknown", async () => {
    const answer = (await (await call("POST", "/deploy", `${body}   `)).json()) as { deployment_id: string }
    const vars = { ...testSettings, MPP_SECRET_KEY: "another secret of thirty-two characters" }
    const ids = layerDeploymentIds.pipe(
      Layer.provide([
        layerControlPlaneMemory(host),
        layerIdStoreKv(env.EXPIRY),
        layerSettings().pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(vars))))
      ])
    )
    const orderOf = (id: string) =>
      Effect.runPromise(
        Effect.provide(
          Effect.flatMap(DeploymentIds, (service) => service.orderOf(id)),
          ids
        )
      )
    assert.strictEqual(await orderOf(answer.deployment_id), parseId(answer.deployment_id)?.order)
    assert.isUndefined(await orderOf(`dep_${randomText(40)}`))
  })
})

describe("an invented id", () => {
  it("creates no object in every form and with every request", async () => {
    const answer = (await (await call("POST", "/deploy", `${body}  `)).json()) as { deployment_id: string }
    const real = answer.deployment_id
    const challenge = (
      await exports.default.fetch(`http://gateway.test/deployments/${real}`, { method: "PUT", body: asUpdate(body) })
    ).headers.get("www-authenticate")
    const before = await listDurableObjectIds(env.ORDERS)
    assert.isAbove(before.length, 0)
    for (let count = 0; count < 40; count++) {
      for (const id of [`dep_${randomText(40)}`, `dep_${randomText(26)}`, real.slice(0, 34) + randomText(10)]) {
        assert.strictEqual((await get(id)).status, 404, id)
        const put = (headers: Record<string, string> = {}) =>
          exports.default.fetch(`http://gateway.test/deployments/${id}`, {
            method: "PUT",
            body: asUpdate(body),
            headers: { "content-type": "application/json", ...headers }
          })
        assert.strictEqual((await put()).status, 404)
        assert.strictEqual((await put({ authorization: testCredential(challenge ?? "", "0xpayer") })).status, 404)
      }
    }
    assert.strictEqual((await listDurableObjectIds(env.ORDERS)).length, before.length)
    assert.strictEqual((await get(real)).status, 200)
  })
})
