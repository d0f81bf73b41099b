import * as Effect from "effect/Effect"
import { assert, beforeEach, it, vi } from "vitest"
import { host } from "../main.ts"
import { call, deploy, expiry, next, pause, purchaseOf, reset, status } from "./support.ts"

beforeEach(reset)

const MANY = 14

it("deployments that end at once wait, all but some, once and for at most 20 s", async () => {
  const ids: Array<string> = []
  for (let count = 0; count < MANY; count++) {
    ids.push(await deploy())
    next.body = next.body
      .replace(/expiring-[\d-]+/, `expiring-${count}-${Date.now()}`)
      .replace("expiry", `expiry ${count}`)
  }
  assert.strictEqual(host.projects.size, MANY)
  host.next("remove", ...Array.from({ length: MANY }, () => Effect.delay("500 millis")))
  await Promise.all(ids.map((id) => expiry(id)))
  const now = Date.now()
  const states = await vi.waitFor(async () => {
    const all = await Promise.all(ids.map((id) => purchaseOf(id)))
    // workerd may have rung an alarm by itself, which still deletes: its lease is 30 s.
    assert.isTrue(all.every(({ state, due }) => state === "expired" || due! - Date.now() < 20_000))
    return all
  })
  const waiting = states.filter(({ state }) => state === "delivered")
  assert.isAtLeast(states.length - waiting.length, 1)
  assert.isAtMost(states.length - waiting.length, 8)
  assert.strictEqual(host.projects.size, waiting.length)
  for (const purchase of waiting) {
    assert.isTrue(purchase.state === "delivered" && purchase.ending === true)
    assert.isBelow(purchase.due! - now, 20_000)
    assert.strictEqual(purchase.attempts, 0)
  }
  // One that waits takes no update any more.
  assert.strictEqual((await call("PUT", `/deployments/${waiting[0]!.id}`, next.body)).status, 410)
  await Promise.all(waiting.map(({ id }) => pause(id)))
  assert.strictEqual(host.projects.size, 0)
  for (const id of ids) assert.strictEqual((await status(id)).status, "expired")
})
