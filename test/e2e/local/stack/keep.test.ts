import { join } from "node:path"
import { afterAll, assert, beforeAll, it } from "vitest"
import { resolveLocalhost } from "../../../../src/local/system/localhost.ts"
import { type Stack, startStack } from "../../../../src/local/stack.ts"
import { runningStacks } from "../../running-stacks.ts"
import { get, worker } from "../hosting/support.ts"
import { controlPlaneClient, temporaryDirectory, uploadForm, writeGateway } from "../support.ts"

const files = temporaryDirectory()
let stack: Stack

const start = async (keep: boolean): Promise<void> => {
  stack = await startStack({
    keep,
    gatewayPort: 0,
    sitesPort: 0,
    chainPort: 0,
    dir: join(files.path, "stack"),
    configPath: writeGateway(files.path),
    environment: {}
  })
  runningStacks.add(stack.dir)
}
const stop = async (): Promise<void> => {
  runningStacks.delete(stack.dir)
  await stack.stop()
}

beforeAll(async () => {
  resolveLocalhost()
  await start(false)
})
afterAll(async () => {
  await stop()
  files[Symbol.dispose]()
})

const blockHash = async (): Promise<unknown> => {
  const answer = await stack.chain?.call({ method: "eth_getBlockByNumber", params: ["0x1", false] })
  return (answer?.result as { readonly hash: string } | undefined)?.hash
}
const settings = async () => (await fetch(`${stack.info.gateway}/settings`)).json() as Promise<Record<string, string>>

it("goes on with the sites, their data, the gateway's data and the chain, or starts afresh", async () => {
  const api = () => controlPlaneClient(stack.info.controlPlane, stack.info.controlPlaneToken)
  const { project, url } = (await api()("POST", "projects", { name: "kept" })).json
  const code = worker(`
    const n = Number(await env.KV.get("n")) + 1
    await env.KV.put("n", String(n))
    return new Response(String(n))`)
  const form = uploadForm({ "index.js": code }, { version: 2, bindings: { kv: [{ binding: "KV" }] } })
  await api()("POST", `projects/${project.id}/deployments/upload`, form)
  assert.strictEqual(await get(url), "1")
  assert.strictEqual(await get(`${stack.info.gateway}/count`), "1")
  const [info, hash, { MPP_SECRET_KEY }] = [stack.info, await blockHash(), await settings()]
  assert.isString(hash)

  await stop()
  await start(true)
  assert.deepStrictEqual(stack.info, info)
  assert.strictEqual((await settings())["MPP_SECRET_KEY"], MPP_SECRET_KEY)
  assert.strictEqual(await get(url), "2")
  assert.strictEqual(await get(`${stack.info.gateway}/count`), "2")
  assert.strictEqual(await blockHash(), hash)

  await stop()
  await start(false)
  assert.deepStrictEqual((await api()("GET", "projects")).json.projects, [])
  assert.notStrictEqual((await settings())["MPP_SECRET_KEY"], MPP_SECRET_KEY)
  assert.notStrictEqual(await blockHash(), hash)
})
