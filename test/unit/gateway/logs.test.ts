import { assert, describe, it } from "vitest"
import { ControlPlaneUnavailable } from "../../../src/control-plane/ControlPlaneClient.ts"
import { CodeRejected } from "../../../src/control-plane/errors.ts"
import { failsWith } from "../../../src/control-plane/testing.ts"
import { testCredential } from "../../../src/payment/testing.ts"
import { deployment, makeGateway, problem } from "../../support/gateway.ts"

type Gateway = ReturnType<typeof makeGateway>

const read = (gateway: Gateway, id: string, headers: Record<string, string> = {}) =>
  gateway.send(`/deployments/${id}/logs`, { headers })

const proof = async (gateway: Gateway, id: string, payer = "0xpayer") =>
  testCredential((await read(gateway, id)).headers.get("www-authenticate") ?? "", payer)

const open = async (gateway: Gateway, id: string, payer?: string) =>
  read(gateway, id, { authorization: await proof(gateway, id, payer) })

const deploy = async (gateway: Gateway) => (await deployment(await gateway.pay())).deployment_id

describe("the log of a deployment", () => {
  it("streams what the host says to the payer, until the client goes", async () => {
    const gateway = makeGateway()
    const id = await deploy(gateway)
    const response = await open(gateway, id)
    assert.strictEqual(response.status, 200, response.status === 200 ? "" : await response.text())
    assert.strictEqual(response.headers.get("content-type"), "text/event-stream; charset=utf-8")
    assert.isNotNull(response.headers.get("payment-receipt"))
    assert.include(response.headers.get("cache-control"), "private")
    const [project] = gateway.host.projects.keys()
    gateway.host.openLogs.get(project ?? "")?.enqueue(new TextEncoder().encode('data: {"type":"event"}\n\n'))
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ""
    while (!text.includes("data:")) text += (await reader.read()).value
    assert.strictEqual(text, ': connected\n\ndata: {"type":"event"}\n\n')
    await reader.cancel()
    assert.strictEqual(gateway.host.openLogs.size, 0)
  })

  it("takes a proof of its payer, once", async () => {
    const gateway = makeGateway()
    const id = await deploy(gateway)
    const authorization = await proof(gateway, id)
    await (await read(gateway, id, { authorization })).body?.cancel()
    const again = await read(gateway, id, { authorization })
    assert.strictEqual(again.status, 402)
    assert.match((await problem(again)).detail, /has been used/)
    assert.deepInclude(await problem(await open(gateway, id, "0xother")), { status: 403, code: "forbidden" })
    assert.strictEqual((await read(gateway, "dep_unknown")).status, 404)
  })

  it("is asked for again, free, while the host does not give it", async () => {
    const gateway = makeGateway()
    const id = await deploy(gateway)
    gateway.host.next("logs", failsWith(new ControlPlaneUnavailable({ message: "down" })))
    const down = await open(gateway, id)
    assert.strictEqual(down.headers.get("retry-after"), "10")
    assert.deepInclude(await problem(down), { status: 503, code: "busy", charged: false })
    await (await open(gateway, id)).body?.cancel()
  })

  it("is there once the deployment is live, and not after", async () => {
    const gateway = makeGateway()
    gateway.host.next("upload", failsWith(new CodeRejected({ message: "does not start" })))
    const refused = await problem(await gateway.pay())
    const early = await problem(await open(gateway, String(refused["deployment_id"])))
    assert.deepInclude(early, { status: 409, code: "order_in_progress", charged: true })
    const id = await deploy(makeGateway())
    assert.strictEqual((await read(gateway, id)).status, 404)
  })
})
