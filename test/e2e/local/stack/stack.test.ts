import { readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { recipient } from "../../../../src/local/chain/accounts.ts"
import { resolveLocalhost } from "../../../../src/local/system/localhost.ts"
import { poll } from "../../../../src/local/system/poll.ts"
import { type Stack, startStack } from "../../../../src/local/stack.ts"
import { runningStacks } from "../../running-stacks.ts"
import {
  answering,
  controlPlaneClient,
  descendants,
  survivors,
  temporaryDirectory,
  uploadForm,
  writeGateway
} from "../support.ts"
import { testChain } from "./chain.ts"
import { testStartCheck } from "./start-check.ts"

const files = temporaryDirectory()
const anyPorts = { gatewayPort: 0, sitesPort: 0, chainPort: 0 }
let stack: Stack
let api: ReturnType<typeof controlPlaneClient>

beforeAll(async () => {
  resolveLocalhost()
  stack = await startStack({
    ...anyPorts,
    dir: join(files.path, "stack"),
    configPath: writeGateway(files.path),
    environment: { REALM: "another-realm", DEPLOY_PRICE: "0.25", TEMPO_RPC_URL: "" }
  })
  runningStacks.add(stack.dir)
  api = controlPlaneClient(stack.info.controlPlane, stack.info.controlPlaneToken)
})
afterAll(async () => {
  runningStacks.delete(stack.dir)
  const running = descendants(process.pid)
  await stack.stop()
  files[Symbol.dispose]()
  assert.isAbove(running.length, 3)
  assert.deepStrictEqual(survivors(running), [])
})

const gateway = (path: string, init?: RequestInit) => fetch(stack.info.gateway + path, init)
const deploy = async (name: string, code: string) => {
  const { project, url } = (await api("POST", "projects", { name })).json
  const upload = await api("POST", `projects/${project.id}/deployments/upload`, uploadForm({ "index.js": code }))
  assert.strictEqual(upload.status, 201, upload.text)
  return { id: project.id, url }
}

describe("the gateway", () => {
  it("gets the stack's settings, unless the environment overrides them", async () => {
    const settings = (await (await gateway("/settings")).json()) as Record<string, string>
    const { MPP_SECRET_KEY, ...rest } = settings
    assert.match(MPP_SECRET_KEY ?? "", /^[0-9a-f]{64}$/)
    assert.deepStrictEqual(rest, {
      HOME_PAGE: "https://example.com//x",
      REALM: "another-realm",
      DEPLOY_PRICE: "0.25",
      TEMPO_RECIPIENT: recipient,
      TEMPO_NETWORK: "local",
      TEMPO_RPC_URL: stack.info.rpc,
      CONTROL_PLANE_URL: stack.info.controlPlane,
      CONTROL_PLANE_TOKEN: stack.info.controlPlaneToken
    })
  })

  it("keeps secrets in files that only their owner reads", () => {
    for (const file of ["stack.json", "gateway/plan.json", "hosting/plan.json", "logs/gateway.log"])
      assert.strictEqual(statSync(join(stack.dir, file)).mode & 0o077, 0, file)
    assert.deepStrictEqual(JSON.parse(readFileSync(join(stack.dir, "stack.json"), "utf8")), stack.info)
  })

  it("is built again when its source changes", async () => {
    const source = join(files.path, "worker.ts")
    const before = readFileSync(source, "utf8")
    writeFileSync(source, before.replace("configured: true", "configured: true, changed: true"))
    const changed = async () => (await (await gateway("/health")).text()).includes("changed")
    assert.isTrue(await poll(changed, 30_000, 200))
  })

  it("keeps its storage when it is killed and started again", async () => {
    assert.strictEqual(await (await gateway("/count")).text(), "1")
    await stack.gateway.stop(0)
    await stack.gateway.start()
    assert.strictEqual(await (await gateway("/count")).text(), "2")
  })
})

describe("the start check", () => testStartCheck(() => stack))

describe("sites", () => {
  it("answer 404 without a project, 503 before its first upload, and then the uploaded code's answer", async () => {
    const site = `http://local-first.localhost:${new URL(stack.info.sites).port}`
    assert.strictEqual((await fetch(site)).status, 404)
    const { project, url } = (await api("POST", "projects", { name: "first" })).json
    assert.strictEqual(url, site)
    assert.strictEqual((await fetch(site)).status, 503)
    const code = answering("return Response.json({ href: url.href, host: request.headers.get('host') })")
    await api("POST", `projects/${project.id}/deployments/upload`, uploadForm({ "index.js": code }))
    assert.deepStrictEqual(await (await fetch(`${site}/path?q=1`)).json(), {
      href: `${site}/path?q=1`,
      host: new URL(site).host
    })
    await api("DELETE", `projects/${project.id}`)
    assert.strictEqual((await fetch(site)).status, 404)
  })

  it("keep the earlier version if an upload does not start", async () => {
    const { id, url } = await deploy("steady", answering("return new Response('one')"))
    const refused = await api(
      "POST",
      `projects/${id}/deployments/upload`,
      uploadForm({ "index.js": "throw new Error('boom')" })
    )
    assert.deepStrictEqual([refused.status, refused.json.error], [500, "internal_error"])
    assert.match(refused.json.message, /^Cloudflare API error: \[10021\] .*boom/s)
    assert.strictEqual(await (await fetch(url)).text(), "one")
    const two = uploadForm({ "index.js": answering("return new Response('two')") })
    await api("POST", `projects/${id}/deployments/upload`, two)
    assert.strictEqual(await (await fetch(url)).text(), "two")
  })

  it("answer 500 with their own errors", async () => {
    const { url } = await deploy("throwing", answering("throw new Error('mine')"))
    const response = await fetch(url)
    assert.strictEqual(response.status, 500)
    assert.include(await response.text(), "mine")
  })

  it("recover from an endless loop, while the gateway answers and finds its runner again", async () => {
    const { url } = await deploy(
      "spinning",
      answering("while (url.pathname === '/spin') {} return new Response('fine')")
    )
    const restarts = stack.hosting.restarts()
    const spin = fetch(`${url}/spin`).then(
      ({ status }) => status,
      () => "cut"
    )
    assert.strictEqual((await gateway("/health", { signal: AbortSignal.timeout(2000) })).status, 200)
    assert.strictEqual(await spin, "cut")
    const fine = () => fetch(url, { signal: AbortSignal.timeout(1000) }).then((response) => response.ok)
    assert.isTrue(await poll(fine, 20_000, 100))
    assert.strictEqual(stack.hosting.restarts(), restarts + 1)
    const bundle = { mainModule: "a.js", modules: { "a.js": answering("") }, compatibilityDate: "2026-07-01" }
    const init = { method: "POST", body: JSON.stringify({ ...bundle, compatibilityFlags: [] }) }
    assert.isTrue(await poll(async () => (await gateway("/check", init)).ok, 5000, 100))
  })
})

describe("the chain", () => testChain(() => stack))

it("uses the chain and the control plane that the environment names, and starts none of its own", async () => {
  const before = descendants(process.pid)
  const other = await startStack({
    ...anyPorts,
    dir: join(files.path, "other"),
    configPath: join(files.path, "wrangler.jsonc"),
    environment: {
      TEMPO_RPC_URL: stack.info.rpc,
      CONTROL_PLANE_URL: stack.info.controlPlane,
      CONTROL_PLANE_TOKEN: stack.info.controlPlaneToken
    }
  })
  try {
    assert.deepStrictEqual([other.chain, other.controlPlane], [undefined, undefined])
    const { rpc, chainId, controlPlane, controlPlaneToken } = other.info
    assert.deepStrictEqual(
      { rpc, chainId, controlPlane, controlPlaneToken },
      {
        rpc: stack.info.rpc,
        chainId: 1337,
        controlPlane: stack.info.controlPlane,
        controlPlaneToken: stack.info.controlPlaneToken
      }
    )
    const anvils = descendants(process.pid).filter(({ command }) => command.includes("anvil"))
    assert.strictEqual(anvils.length, 1)
  } finally {
    await other.stop()
  }
  assert.deepStrictEqual(descendants(process.pid), before)
})
