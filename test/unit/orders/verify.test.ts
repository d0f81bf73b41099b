import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { ControlPlaneUnavailable } from "../../../src/control-plane/errors.ts"
import { failsWith } from "../../../src/control-plane/testing.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { asUpdate, deployment, helloBody, makeGateway } from "../../support/gateway.ts"

type Gateway = ReturnType<typeof makeGateway>

const notYet = () => Effect.succeed(false)
const unreachable = failsWith(new ControlPlaneUnavailable({ message: "no such host" }))

const deploy = async (gateway: Gateway) => (await deployment(await gateway.pay())).deployment_id

const status = async (gateway: Gateway, id: string) =>
  (await gateway.send(`/deployments/${id}`)).json() as Promise<Record<string, string | null>>

const questions = ({ host }: Gateway) => host.calls.filter((call) => call.startsWith("serves ")).length

const update = async (gateway: Gateway, id: string) => {
  const send = (headers: Record<string, string> = {}) =>
    gateway.send(`/deployments/${id}`, {
      method: "PUT",
      body: asUpdate(helloBody),
      headers: { "content-type": "application/json", ...headers }
    })
  const challenge = (await send()).headers.get("www-authenticate") ?? ""
  assert.strictEqual((await send({ authorization: testCredential(challenge, "0xpayer") })).status, 200)
}

describe("a site that went live", () => {
  it("is asked until its code answers, before its payer gets the URL", async () => {
    const gateway = makeGateway()
    gateway.host.next("serves", notYet, notYet)
    const id = await deploy(gateway)
    assert.strictEqual(questions(gateway), 3)
    const { updated_at, verified_at } = await status(gateway, id)
    assert.isAtLeast(Date.parse(verified_at ?? "") - Date.parse(updated_at ?? ""), 1000)
  })

  it("is live all the same if it cannot be asked, and is asked after each update", async () => {
    const gateway = makeGateway()
    gateway.host.next("serves", unreachable)
    const id = await deploy(gateway)
    assert.deepInclude(await status(gateway, id), { status: "live", verified_at: null, last_failure: null })
    assert.strictEqual(questions(gateway), 1)
    await update(gateway, id)
    assert.isNotNull((await status(gateway, id))["verified_at"])
    gateway.host.next("serves", () => Effect.die(new Error("a defect")))
    await update(gateway, id)
    assert.deepInclude(await status(gateway, id), { status: "live", verified_at: null })
    assert.strictEqual(questions(gateway), 3)
  })

  it("is answered for after 5 seconds, whatever the host says", async () => {
    const gateway = makeGateway()
    gateway.host.next("serves", ...Array.from({ length: 100 }, () => notYet))
    const since = Date.now()
    const id = await deploy(gateway)
    assert.isBelow(Date.now() - since, 6000)
    assert.deepInclude(await status(gateway, id), { status: "live", verified_at: null })
  })
})
