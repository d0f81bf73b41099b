import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Stack } from "../../../src/local/stack.ts"
import { fresh, run, startTestStack, walletOn } from "../support.ts"

let stack: Stack
let wallet: ReturnType<typeof walletOn>
beforeAll(async () => {
  stack = await startTestStack({ TTL_HOURS: "0.025" })
  wallet = walletOn(stack)
})
afterAll(() => stack?.stop())

const deploy = async (body = fresh("plain-js")) => {
  const response = await wallet.fetch(`${stack.info.gateway}/deploy`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json" }
  })
  assert.strictEqual(response.status, 200, await response.clone().text())
  const { url, deployment_id: id } = (await response.json()) as { readonly url: string; readonly deployment_id: string }
  return { url, id, at: `${stack.info.gateway}/deployments/${id}` }
}

const statusAt = async (at: string) => (await (await fetch(at)).json()) as Record<string, unknown>

const projects = async () =>
  (
    (await (
      await fetch(`${stack.info.controlPlane}/v1/projects`, {
        headers: { authorization: `Bearer ${stack.info.controlPlaneToken}` }
      })
    ).json()) as { readonly projects: ReadonlyArray<{ readonly name: string }> }
  ).projects

/** Runs the stock command line client to its end, and returns what it prints. */
const mppx = async (...args: ReadonlyArray<string>) => {
  const { code, stdout, stderr } = await run("mppx", [...args, "--rpc-url", stack.info.rpc], {
    MPPX_PRIVATE_KEY: stack.info.payerPrivateKey
  })
  assert.strictEqual(code, 0, stdout + stderr)
  return stdout
}

/** Sends an update with the stock client. */
const put = (at: string, body: object, headers: Record<string, string> = {}) =>
  wallet.fetch(at, {
    method: "PUT",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers }
  })

/** Returns the code that a site runs, as the hosting process gets it from the control plane. */
const codeAt = async (url: string) => {
  const plan = readFileSync(join(stack.dir, "hosting", "plan.json"), "utf8")
  const { sitesUrl } = JSON.parse(plan) as { readonly sitesUrl: string }
  const site = `${sitesUrl}/${new URL(url).hostname.split(".")[0]}`
  const { version } = (await (await fetch(site)).json()) as { readonly version: string }
  const { modules } = (await (await fetch(`${site}/${version}`)).json()) as { readonly modules: object }
  return modules
}

const MODULES = 4

/** The text of a module that answers a text, and what the next module answers. */
const moduleOf = (index: number, text: string): string =>
  index < MODULES
    ? `import { answer as next } from "./m${index + 1}"\nexport const answer = () => "${text} " + next()`
    : `export const answer = () => "${text}"`

describe("a delete", () => {
  it("by the stock client, 10 s into the life of a deployment, leaves nothing after 2 s", async () => {
    const { url, id, at } = await deploy()
    await sleep(10_000)
    assert.strictEqual((await fetch(url)).status, 200)
    const before = await wallet.balance()
    const since = Date.now()
    const response = await wallet.fetch(at, { method: "DELETE" })
    assert.deepStrictEqual([response.status, await response.json()], [200, { deployment_id: id, status: "deleted" }])
    assert.strictEqual((await fetch(url)).status, 404)
    assert.isBelow(Date.now() - since, 2000)
    assert.isFalse((await projects()).some(({ name }) => name.includes(id)))
    assert.deepInclude(await statusAt(at), { status: "deleted", url: null, charged: true })
    assert.strictEqual(await wallet.balance(), before)
    assert.strictEqual((await fetch(at, { method: "PUT" })).status, 410)
    assert.strictEqual((await wallet.fetch(at, { method: "DELETE" })).status, 200)
  })

  it("by the stock command line client does the same", async () => {
    const { url, id, at } = await deploy()
    const answer = await mppx("-s", "-X", "DELETE", at)
    assert.deepStrictEqual(JSON.parse(answer), { deployment_id: id, status: "deleted" })
    assert.strictEqual((await fetch(url)).status, 404)
  })
})

describe("the list of deployments", () => {
  const listFor = async ({ fetch }: typeof wallet) => {
    const response = await fetch(`${stack.info.gateway}/deployments`)
    assert.strictEqual(response.status, 200, await response.clone().text())
    const { deployments } = (await response.json()) as { readonly deployments: ReadonlyArray<Record<string, unknown>> }
    return deployments
  }
  const idsOf = (deployments: ReadonlyArray<Record<string, unknown>>) => deployments.map((one) => one["deployment_id"])

  it("is answered to the stock client, with the status of each, newest first, and no money moves", async () => {
    const [first, second] = [await deploy(), await deploy()]
    const before = await wallet.balance()
    const listed = await listFor(wallet)
    assert.deepStrictEqual(idsOf(listed).slice(0, 2), [second.id, first.id])
    assert.deepStrictEqual(listed.slice(0, 2), [await statusAt(second.at), await statusAt(first.at)])
    await wallet.fetch(first.at, { method: "DELETE" })
    assert.deepInclude((await listFor(wallet))[1], { deployment_id: first.id, status: "deleted", url: null })
    assert.strictEqual(await wallet.balance(), before)
  })

  it("is answered to the stock command line client", async () => {
    const { id } = await deploy()
    const answer = JSON.parse(await mppx("-s", `${stack.info.gateway}/deployments`)) as {
      readonly deployments: ReadonlyArray<Record<string, unknown>>
    }
    assert.deepInclude(answer.deployments[0], { deployment_id: id, status: "live" })
  })

  it("has nothing of other keys", async () => {
    await deploy()
    const other = walletOn(stack, `0x${randomBytes(32).toString("hex")}`)
    assert.deepStrictEqual(await listFor(other), [])
  })
})

describe("single files", () => {
  it("changed 20 times leave, byte for byte, what the same files sent whole leave", async () => {
    const files: Record<string, string> = {
      "src/index.ts": 'import { answer } from "./m0"\nexport default { fetch: () => new Response(answer()) }'
    }
    for (let index = 0; index <= MODULES; index++) files[`src/m${index}.ts`] = moduleOf(index, "first")
    const changed = await deploy(JSON.stringify({ files }))
    for (let change = 1; change <= 20; change++) {
      const index = (change * 3) % (MODULES + 1)
      const path = `src/m${index}.ts`
      files[path] = moduleOf(index, `change ${change}`)
      const response = await put(changed.at, { changes: { [path]: files[path] } })
      assert.strictEqual(response.status, 200, await response.clone().text())
    }
    const answer = await (await fetch(changed.url)).text()
    assert.include(answer, "change 20")
    assert.notInclude(answer, "first")
    assert.deepStrictEqual(await (await wallet.fetch(`${changed.at}/files`)).json(), { files })
    const whole = await deploy(JSON.stringify({ files: Object.fromEntries(Object.entries(files).toReversed()) }))
    assert.strictEqual(await (await fetch(whole.url)).text(), answer)
    assert.deepStrictEqual(await codeAt(changed.url), await codeAt(whole.url))
  })

  it("are read and changed by the stock command line client, with If-Match", async () => {
    const one = 'export default { fetch: () => new Response("one") }'
    const { at, url } = await deploy(JSON.stringify({ files: { "old.txt": "x", "index.js": one } }))
    const shown = await mppx(`${at}/files`, "-i")
    const etag = /^etag: *("[0-9a-f]{64}")/im.exec(shown)?.[1] ?? ""
    const source = JSON.parse(shown.slice(shown.indexOf('{"files"'))) as { readonly files: object }
    assert.deepStrictEqual(source, { files: { "index.js": one, "old.txt": "x" } })
    const changes = { "index.js": one.replace("one", "two"), "old.txt": null }
    await mppx("-s", "-X", "PUT", at, "-H", `If-Match: ${etag}`, "-J", JSON.stringify({ changes }))
    assert.strictEqual(await (await fetch(url)).text(), "two")
    const late = await put(at, { changes: { "index.js": "never" } }, { "if-match": etag })
    assert.deepInclude(await late.json(), { status: 412, code: "precondition_failed" })
    assert.strictEqual(await (await fetch(url)).text(), "two")
  })

  it("are shown to the payer alone, who alone deletes them", async () => {
    const { at } = await deploy()
    const other = walletOn(stack, `0x${randomBytes(32).toString("hex")}`)
    for (const response of [await other.fetch(`${at}/files`), await other.fetch(at, { method: "DELETE" })]) {
      assert.deepInclude(await response.json(), { status: 403, code: "forbidden" })
    }
  })
})
