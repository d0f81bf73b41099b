import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { failsWith } from "../../../src/control-plane/testing.ts"
import { ControlPlaneUnavailable } from "../../../src/control-plane/errors.ts"
import { asUpdate, deployment, helloBody, makeGateway, problem } from "../../support/gateway.ts"
import { deploy, type Gateway, renew, renewal, sendRenewal, status } from "../operator/support.ts"
import { testCredential } from "../../../src/payment/testing.ts"

/** Sends the code again as its payer. */
const put = async (gateway: Gateway, id: string) => {
  const send = (headers: Record<string, string>) =>
    gateway.send(`/deployments/${id}`, {
      method: "PUT",
      body: asUpdate(helloBody),
      headers: { "content-type": "application/json", ...headers }
    })
  const challenge = (await send({})).headers.get("www-authenticate") ?? ""
  return send({ authorization: testCredential(challenge, "0xpayer") })
}

describe("a renewal asks the host for the project before it is paid, and", () => {
  it("is refused uncharged if the project is gone, until its payer has sent the code again", async () => {
    const gateway = makeGateway()
    const id = await deploy(gateway)
    gateway.host.projects.clear()
    const headers = await renewal(gateway, id)
    for (let times = 0; times < 2; times++) {
      const refused = await problem(await sendRenewal(gateway, id, headers))
      assert.deepInclude(refused, { status: 409, code: "order_in_progress", charged: false, deployment_id: id })
      assert.match(refused.detail, /gone at the host.*Its payer.*PUT.*free.*Nothing was charged/)
    }
    assert.strictEqual(gateway.payments.calls.capture, 1)
    assert.strictEqual(gateway.payments.captured.size, 1)
    const { expires_at: before } = await status(gateway, id)
    await deployment(await put(gateway, id))
    const renewed = await deployment(await sendRenewal(gateway, id, headers))
    assert.strictEqual(Date.parse(renewed.expires_at), Date.parse(String(before)) + 86_400_000)
    assert.strictEqual(gateway.payments.captured.size, 2)
  })

  it("is sold while the host does not answer, refuses or breaks, because it needs nothing of the host", async () => {
    const gateway = makeGateway()
    const id = await deploy(gateway)
    const [projectId] = gateway.host.projects.keys()
    const asked = () => gateway.host.calls.filter((call) => call === `get ${projectId}`).length
    gateway.host.next(
      "get",
      failsWith(new ControlPlaneUnavailable({ message: "no answer" })),
      () => Effect.die("a defect"),
      () => Effect.never
    )
    const before = asked()
    for (const key of ["fails", "breaks", "hangs"]) await deployment(await renew(gateway, id, key))
    assert.strictEqual(asked(), before + 3)
    assert.strictEqual(gateway.payments.captured.size, 4)
  })

  it("is sold if the payer has sent the code again meanwhile", async () => {
    const gateway = makeGateway()
    const id = await deploy(gateway)
    gateway.host.projects.clear()
    // The payer's update places the deployment anew while the host still answers about the lost project.
    gateway.host.next("get", (call) =>
      Effect.andThen(
        Effect.promise(() => put(gateway, id)),
        call
      )
    )
    await deployment(await renew(gateway, id))
    assert.strictEqual(gateway.host.calls.filter((call) => call.startsWith("create")).length, 2)
    assert.strictEqual(gateway.payments.captured.size, 2)
  })
})
