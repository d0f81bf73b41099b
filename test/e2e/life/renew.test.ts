import { randomBytes } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../../src/local/stack.ts"
import { fresh, run, startTestStack, walletOn } from "../support.ts"

/** `LIFE_TTL_SECONDS=90` waits for the end of the deployment that is renewed twice, which takes three times as long. */
const LIFE = process.env["LIFE_TTL_SECONDS"]
const TTL_SECONDS = Number(LIFE ?? 60)

let stack: Stack
let wallet: ReturnType<typeof walletOn>
beforeAll(async () => {
  stack = await startTestStack({
    TTL_HOURS: String(TTL_SECONDS / 3600),
    MAX_DAYS: String((3 * TTL_SECONDS + 5) / 86_400)
  })
  wallet = walletOn(stack)
})
afterAll(() => stack?.stop())

interface Deployment {
  readonly url: string
  readonly deployment_id: string
  readonly expires_at: string
  readonly ttl_hours: number
}

const deploy = async () => {
  const response = await wallet.fetch(`${stack.info.gateway}/deploy`, {
    method: "POST",
    body: fresh("plain-js"),
    headers: { "content-type": "application/json" }
  })
  assert.strictEqual(response.status, 200, await response.clone().text())
  const deployed = (await response.json()) as Deployment
  return { ...deployed, at: `${stack.info.gateway}/deployments/${deployed.deployment_id}` }
}

const statusAt = async (at: string) => (await (await fetch(at)).json()) as Record<string, unknown>

const projectOf = async (id: string) =>
  (
    (await (
      await fetch(`${stack.info.controlPlane}/v1/projects`, {
        headers: { authorization: `Bearer ${stack.info.controlPlaneToken}` }
      })
    ).json()) as { readonly projects: ReadonlyArray<{ readonly name: string; readonly tags: unknown }> }
  ).projects.find(({ name }) => name.includes(id))

const later = (expires: string, times: number) =>
  new Date(Date.parse(expires) + times * TTL_SECONDS * 1000).toISOString().replace(".000Z", "Z")

describe("a renewal", () => {
  it("by the stock client and the stock command line client: renewed twice it lives three times as long", async () => {
    const { at, url, deployment_id: id, expires_at: first, ttl_hours } = await deploy()
    const before = await wallet.balance()
    const response = await wallet.fetch(`${at}/renew`, { method: "POST" })
    assert.strictEqual(response.status, 200, await response.clone().text())
    const answer = { url, deployment_id: id, expires_at: later(first, 1), ttl_hours }
    assert.deepStrictEqual(await response.json(), answer)
    assert.isNotNull(response.headers.get("payment-receipt"))
    const { code, stdout, stderr } = await run(
      "mppx",
      ["-s", "-X", "POST", `${at}/renew`, "--rpc-url", stack.info.rpc],
      { MPPX_PRIVATE_KEY: stack.info.payerPrivateKey }
    )
    assert.strictEqual(code, 0, stdout + stderr)
    assert.deepStrictEqual(JSON.parse(stdout), { ...answer, expires_at: later(first, 2) })
    // Each renewal costs what a deploy costs, 0.10 of a token with six decimals, and the chain's fee.
    const paid = before - (await wallet.balance())
    assert.isTrue(paid >= 200_000n && paid < 202_000n, String(paid))
    assert.deepInclude(await statusAt(at), { status: "live", expires_at: later(first, 2) })
    assert.include(JSON.stringify((await projectOf(id))?.tags), `expires:${Date.parse(later(first, 2)) / 1000}`)
    // A third one would reach further ahead than MAX_DAYS, and is refused before the payment.
    const far = await wallet.fetch(`${at}/renew`, { method: "POST" })
    assert.deepInclude(await far.json(), { status: 409, code: "too_far_ahead", charged: false })
    assert.strictEqual(before - (await wallet.balance()), paid)

    const live = Date.parse(first) - TTL_SECONDS * 1000
    await sleep(Date.parse(first) + 5000 - Date.now())
    assert.strictEqual((await fetch(url)).status, 200)
    if (LIFE === undefined) return
    await sleep(Date.parse(later(first, 2)) - 4000 - Date.now())
    assert.strictEqual((await fetch(url)).status, 200)
    const end = Date.parse(later(first, 2))
    while ((await fetch(url)).status !== 404 && Date.now() < end + 5000) await sleep(100)
    console.log(`gone ${Date.now() - end} ms after its end, ${(end - live) / 1000} s after it went live`)
    assert.strictEqual((await fetch(url)).status, 404)
    assert.isUndefined(await projectOf(id))
    assert.strictEqual((await statusAt(at)).status, "expired")
    const late = await wallet.fetch(`${at}/renew`, { method: "POST" })
    assert.deepInclude(await late.json(), { status: 410, code: "expired", charged: false })
  }, 400_000)

  it("may be paid by anybody, costs nothing for what is not there, and does not keep its payer from deleting", async () => {
    const { at, url, expires_at: first } = await deploy()
    const unknown = await wallet.fetch(`${stack.info.gateway}/deployments/dep_x/renew`, { method: "POST" })
    assert.deepInclude(await unknown.json(), { status: 404, charged: false })
    const body = await wallet.fetch(`${at}/renew`, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json" }
    })
    assert.deepInclude(await body.json(), { status: 400, charged: false })
    // The stock client asks the chain to fill the transfer, which fails before anything is sent.
    const poor = walletOn(stack, `0x${randomBytes(32).toString("hex")}`)
    const unpaid = await poor.fetch(`${at}/renew`, { method: "POST" }).catch((error: unknown) => String(error))
    assert.match(String(unpaid), /execution reverted/)
    assert.strictEqual((await statusAt(at))["expires_at"], first)
    const paid = await wallet.fetch(`${at}/renew`, { method: "POST" })
    assert.strictEqual(((await paid.json()) as Deployment).expires_at, later(first, 1))
    if (LIFE !== undefined) await sleep(Date.parse(first) - TTL_SECONDS * 1000 + 10_000 - Date.now())
    const since = Date.now()
    assert.strictEqual((await wallet.fetch(at, { method: "DELETE" })).status, 200)
    assert.strictEqual((await fetch(url)).status, 404)
    const took = Date.now() - since
    console.log(`gone ${took} ms after the first request of the delete`)
    assert.isBelow(took, 2000)
    const gone = await wallet.fetch(`${at}/renew`, { method: "POST" })
    assert.deepInclude(await gone.json(), { status: 410, code: "expired", charged: false })
  })
})
