import { spawn } from "node:child_process"
import { createServer, type Server } from "node:http"
import { type AddressInfo } from "node:net"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "vitest"
import type { Evidence } from "../../../src/local/client/buy-deploy.ts"
import type { Entry } from "../../../src/local/client/entry.ts"
import type { Stack } from "../../../src/local/stack.ts"
import { startTestStack, walletOn } from "../support.ts"

let stack: Stack
beforeAll(async () => {
  stack = await startTestStack({ PUBLIC_ORIGIN: "https://compute.example", REALM: "my-compute" })
})
afterAll(() => stack?.stop())

/** Runs a command as `npm run` does. */
const command = (name: "canary" | "listing", args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  new Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [`src/local/client/${name}.ts`, ...args], {
      env: { PATH: process.env["PATH"] ?? "", ...env }
    })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (chunk) => (stdout += chunk))
    child.stderr.on("data", (chunk) => (stderr += chunk))
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, stdout, stderr }))
  })

const canary = (origin = stack.info.gateway, key = stack.info.payerPrivateKey) =>
  command("canary", [origin], { MPPX_PRIVATE_KEY: key, MPPX_RPC_URL: stack.info.rpc })

/** A service between the client and the gateway that changes answers. */
let proxy: Server | undefined
const proxied = async (change: (request: Request, response: Response) => Promise<Response>): Promise<string> => {
  proxy = createServer(async (incoming, outgoing) => {
    const chunks: Array<Buffer> = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const headers = Object.entries(incoming.headers).filter(
      ([name]) => !/^(host|connection|content-length)$/.test(name)
    )
    const request = new Request(`${stack.info.gateway}${incoming.url}`, {
      method: incoming.method ?? "GET",
      headers: headers as Array<[string, string]>,
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) })
    })
    const response = await change(request.clone(), await fetch(request))
    const kept = [...response.headers].filter(([name]) => !/^(content-(length|encoding)|transfer-encoding)$/.test(name))
    outgoing.writeHead(response.status, Object.fromEntries(kept)).end(Buffer.from(await response.arrayBuffer()))
  })
  await new Promise<void>((resolve) => proxy?.listen(0, "127.0.0.1", resolve))
  return `http://localhost:${(proxy.address() as AddressInfo).port}`
}
afterEach(() => {
  proxy?.closeAllConnections()
  proxy?.close()
})

const isPaid = (request: Request, response: Response) =>
  request.method === "POST" && response.status === 200 && request.headers.has("authorization")

const statusOf = async (id: string) =>
  ((await (await fetch(`${stack.info.gateway}/deployments/${id}`)).json()) as { readonly status: string }).status

describe("npm run canary", () => {
  it("buys a deploy, checks its URL, deletes it and prints the evidence", async () => {
    const wallet = walletOn(stack)
    const before = await wallet.balance(stack.info.recipient)
    const { code, stdout, stderr } = await canary()
    assert.strictEqual(code, 0, stderr)
    const evidence = JSON.parse(stdout) as Evidence
    assert.strictEqual((await wallet.balance(stack.info.recipient)) - before, 100_000n)
    assert.match(evidence.challenge.id, /^[\w-]{20,}$/)
    const { realm, amount, currency } = evidence.challenge
    assert.deepStrictEqual([realm, amount, currency], ["my-compute", "100000", stack.info.currency])
    assert.match(evidence.transaction.hash, /^0x[0-9a-f]{64}$/)
    assert.strictEqual(evidence.receipt.reference, evidence.transaction.hash)
    assert.strictEqual(evidence.transaction.status, "success")
    assert.match(evidence.answer, /^200 canary /)
    assert.strictEqual(evidence.payer, wallet.account.address)
    const { quoted, paid, answered, deleted } = evidence.millis
    assert.isTrue(quoted < paid && paid < answered && answered < deleted, JSON.stringify(evidence.millis))
    assert.strictEqual(await statusOf(evidence.deployment.deployment_id), "deleted")
    assert.notInclude(stdout + stderr, stack.info.payerPrivateKey.slice(2))
  })

  it("pays once if the first answer is lost, because it repeats the call with its key", async () => {
    let lost = 0
    const origin = await proxied(async (request, response) =>
      isPaid(request, response) && lost++ === 0 ? new Response("gateway timeout", { status: 504 }) : response
    )
    const wallet = walletOn(stack)
    const before = await wallet.balance(stack.info.recipient)
    const { code, stderr } = await canary(origin)
    assert.strictEqual(code, 0, stderr)
    assert.match(stderr, /attempt 1: 504: gateway timeout/)
    assert.strictEqual((await wallet.balance(stack.info.recipient)) - before, 100_000n)
  })

  it("fails, and deletes the deployment, if its URL does not answer", async () => {
    let id = ""
    const origin = await proxied(async (request, response) => {
      if (!isPaid(request, response)) return response
      const deployment = (await response.json()) as Evidence["deployment"]
      id = deployment.deployment_id
      return Response.json({ ...deployment, url: `${stack.info.gateway}/nothing` }, response)
    })
    const { code, stdout, stderr } = await canary(origin)
    assert.deepStrictEqual([code, stdout], [1, ""])
    assert.match(stderr, /\/nothing did not answer its text within 10 s, but: 404 .*\. It was paid for and deleted: 0x/)
    assert.strictEqual(await statusOf(id), "deleted")
  })

  for (const [reason, run, sentence] of [
    ["has no key", () => canary(undefined, ""), /^402 .*\nSet MPPX_PRIVATE_KEY to the private key of a funded account/],
    [
      "has an empty wallet",
      () => canary(undefined, `0x${"5".repeat(64)}`),
      /The wallet 0x\w{40} cannot pay\. It holds 0 of 0x20c0{37}, and a deploy costs 0\.1\. Nothing was sent\./
    ],
    ["gets no answer", () => canary("http://localhost:9"), /^http:\/\/localhost:9\/health does not answer: /],
    ["gets no https", () => canary("http://compute.example"), /is no https:\/\/ address/],
    ["gets no address", () => command("canary", []), /^Name the service, for example https/],
    ["finds no service", () => canary(stack.info.sites), /\/health answered 404, not 200/]
  ] as const)
    it(`fails with a sentence if it ${reason}`, async () => {
      const { code, stdout, stderr } = await run()
      assert.deepStrictEqual([code, stdout], [1, ""], stderr)
      assert.match(stderr, sentence)
      assert.notMatch(stderr, /\n\s+at /, "it shows no stack")
    })
})

describe("npm run listing", () => {
  it("prints an entry of the live service's prices, endpoints and documents", async () => {
    const { code, stdout, stderr } = await command("listing", [stack.info.gateway, "--name", "My Compute"])
    assert.strictEqual(code, 0, stderr)
    const entry = JSON.parse(stdout) as Entry
    assert.deepInclude(entry, {
      id: "my-compute",
      name: "My Compute",
      serviceUrl: "https://compute.example",
      icon: "https://compute.example/favicon.svg",
      realm: "my-compute",
      intent: "charge",
      payments: [{ method: "tempo", currency: stack.info.currency, decimals: 6 }],
      status: "beta"
    })
    assert.match(stderr, /chain 1337, no mainnet/)
    const paid = entry.endpoints.filter(({ amount }) => amount !== undefined)
    assert.deepStrictEqual(Object.fromEntries(paid.map(({ route, amount }) => [route, amount])), {
      "POST /deploy": "100000",
      "POST /execute": "10000",
      "POST /deployments/:deployment_id/renew": "100000"
    })
    assert.include(
      entry.endpoints.map(({ route }) => route),
      "DELETE /deployments/:deployment_id"
    )
  })

  it("fails with a sentence if there is no service", async () => {
    const { code, stdout, stderr } = await command("listing", ["http://localhost:9"])
    assert.deepStrictEqual([code, stdout], [1, ""])
    assert.match(stderr, /^http:\/\/localhost:9\/openapi\.json does not answer: /)
  })
})
