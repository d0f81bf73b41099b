import { assert, describe, it } from "vitest"
import { failsWith } from "../../../src/control-plane/testing.ts"
import { ControlPlaneUnavailable } from "../../../src/control-plane/ControlPlaneClient.ts"
import { deployment, problem } from "../../support/gateway.ts"
import { answered, basic, type Gateway, get, makeOperated, post, status, TOKEN } from "./support.ts"

const PAYER = `0x${"ab".repeat(20)}`
const OTHER = `0x${"cd".repeat(20)}`

const pay = (gateway: Gateway, key: string, payer = PAYER) =>
  gateway.pay({ payer, headers: { "idempotency-key": key } })

const deploy = async (gateway: Gateway, key: string, payer?: string) =>
  (await deployment(await pay(gateway, key, payer))).deployment_id

/** The notices of the orders reach the payers' objects beside the answers. */
const noticed = () => new Promise((resolve) => setTimeout(resolve, 20))

describe("the operator", () => {
  it("sees a payer's deployments, denies the payer, and allows it again", async () => {
    const gateway = makeOperated()
    const ids = [await deploy(gateway, "a"), await deploy(gateway, "b")]
    await deploy(gateway, "c", OTHER)
    await noticed()
    const view = async () => answered(await get(gateway, `/payers/${PAYER.toUpperCase().replace("0X", "0x")}`))
    const { deployments, ...rest } = (await view()) as { deployments: ReadonlyArray<{ deployment_id: string }> }
    assert.sameMembers(
      deployments.map(({ deployment_id }) => deployment_id),
      ids
    )
    assert.deepInclude(rest, { payer: PAYER, denied: null })
    const denial = { denied: true, reason: "Phishing." }
    assert.deepStrictEqual(
      await answered(await post(gateway, `/payers/${PAYER}/deny`, { reason: "Phishing." })),
      denial
    )
    assert.deepInclude(await problem(await pay(gateway, "d")), { status: 403, code: "denied", charged: false })
    assert.deepInclude((await view())["denied"], { reason: "Phishing." })
    const { sales } = (await answered(await get(gateway, ""))) as {
      sales: { switches: { denied: ReadonlyArray<object> } }
    }
    assert.deepInclude(sales.switches.denied[0], { address: PAYER, reason: "Phishing." })
    // Paid deployments stay, and others buy.
    assert.strictEqual((await status(gateway, ids[0] ?? ""))["status"], "live")
    assert.strictEqual((await pay(gateway, "a")).status, 200)
    assert.strictEqual((await pay(gateway, "e", OTHER)).status, 200)
    await answered(await post(gateway, `/payers/${PAYER}/allow`))
    assert.strictEqual((await pay(gateway, "d")).status, 200)
    const actions = gateway.logs.filter(({ message }) => message === "operator")
    assert.deepStrictEqual(
      actions.map(({ target }) => target),
      [PAYER, PAYER]
    )
  })

  it("takes all deployments of a payer down, also one that is not live yet", async () => {
    const gateway = makeOperated()
    const ids = [await deploy(gateway, "a"), await deploy(gateway, "b")]
    const others = await deploy(gateway, "c", OTHER)
    gateway.host.next("upload", failsWith(new ControlPlaneUnavailable({ message: "down" })))
    ids.push(String((await problem(await pay(gateway, "d")))["deployment_id"]))
    await noticed()
    gateway.host.next("remove", failsWith(new ControlPlaneUnavailable({ message: "down" })))
    const done = await answered(await post(gateway, `/payers/${PAYER}/takedown`, { reason: "Phishing." }))
    assert.deepInclude(done, { payer: PAYER, reason: "Phishing.", failed: [] })
    assert.strictEqual((done["unconfirmed"] as ReadonlyArray<string>).length, 1)
    assert.sameMembers(
      [...(done["taken_down"] as ReadonlyArray<string>), ...(done["unconfirmed"] as ReadonlyArray<string>)],
      ids
    )
    for (const id of ids) assert.deepInclude(await status(gateway, id), { status: "deleted", taken_down: "Phishing." })
    assert.strictEqual((await status(gateway, others))["status"], "live")
    assert.strictEqual(gateway.records.of("owed").filter(({ state }) => state === "refund").length, 1)
    await noticed()
    const again = await answered(await post(gateway, `/payers/${PAYER}/takedown`, { reason: "Phishing." }))
    assert.deepInclude(again, { taken_down: [], unconfirmed: [], failed: [] })
  })

  it("takes nothing down of a payment that never landed", async () => {
    const gateway = makeOperated()
    gateway.payments.captures.push("reverted")
    assert.strictEqual((await pay(gateway, "a")).status, 402)
    await noticed()
    const { deployments } = (await answered(await get(gateway, `/payers/${PAYER}`))) as {
      deployments: ReadonlyArray<object>
    }
    assert.deepInclude(deployments[0], { status: "failed", charged: false })
    const done = await answered(await post(gateway, `/payers/${PAYER}/takedown`, { reason: "Phishing." }))
    assert.deepInclude(done, { taken_down: [], unconfirmed: [], failed: [] })
    const page = await (
      await gateway.send(`/operator/payers/${PAYER}`, { headers: { authorization: basic(TOKEN), accept: "text/html" } })
    ).text()
    assert.notInclude(page, "Take all down")
  })

  it("pauses sales and resumes them", async () => {
    const gateway = makeOperated()
    const id = await deploy(gateway, "a")
    await answered(await post(gateway, "/sales/pause", { reason: "An attack" }))
    const paused = await problem(await pay(gateway, "b"))
    assert.deepInclude(paused, { status: 503, code: "sales_paused", charged: false })
    assert.match(paused.detail, /paused sales: An attack\. Nothing was charged/)
    assert.strictEqual((await pay(gateway, "a")).status, 200)
    assert.strictEqual((await status(gateway, id))["status"], "live")
    const { sales } = (await answered(await get(gateway, ""))) as {
      sales: { setting: string; switches: { paused: object } }
    }
    assert.strictEqual(sales.setting, "on")
    assert.deepInclude(sales.switches.paused, { reason: "An attack" })
    await answered(await post(gateway, "/sales/resume"))
    assert.strictEqual((await pay(gateway, "b")).status, 200)
  })

  it("finds a payer by the address", async () => {
    const gateway = makeOperated()
    assert.deepStrictEqual(await answered(await get(gateway, `/find?q=${PAYER}`)), {
      location: `/operator/payers/${PAYER}`
    })
    assert.deepInclude(await answered(await get(gateway, `/payers/${PAYER}`)), { deployments: [], cursor: null })
    assert.strictEqual((await get(gateway, "/payers/0x12")).status, 404)
  })
})
