import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Built, buildWorker } from "../bench/gateway/built.ts"
import { ourBindings } from "../bench/gateway/gateways.ts"
import { prepare, type Running, startWorkerd } from "../bench/gateway/workerd.ts"
import { followReadme, voucherCredential } from "../support/examples.ts"
import { fixture } from "./support.ts"

/**
 * The gateway with the README's three layers instead of the project's, as it would be uploaded, in workerd itself. Only there
 * the platform's rules for module scope show.
 */
let project: string
let built: Built
let running: Running
let url: string
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "mpp-examples-"))
  followReadme(project)
  built = buildWorker("wrangler.jsonc", project)
  const disk = join(project, "objects")
  mkdirSync(disk)
  // There is no KV, because the store is in memory.
  running = await startWorkerd(prepare(built, { ...ourBindings, kv: [], disk }))
  url = `http://127.0.0.1:${running.port}`
})
afterAll(async () => {
  await running?.stop()
  built?.remove()
  if (project !== undefined) rmSync(project, { recursive: true, force: true })
})

const challengeOf = (response: Response) => {
  assert.strictEqual(response.status, 402)
  const header = response.headers.get("www-authenticate") ?? ""
  assert.match(header, /^Payment .*method="voucher"/)
  return header
}

describe("the gateway with the README's layers", () => {
  it("quotes its price in vouchers", async () => {
    challengeOf(await fetch(`${url}/deploy`, { method: "POST" }))
  })

  it("hosts the site that a voucher pays for, and accepts the voucher once", async () => {
    const body = fixture("hono-api")
    const deploy = (authorization?: string) =>
      fetch(`${url}/deploy`, {
        method: "POST",
        body,
        headers: { "content-type": "application/json", ...(authorization !== undefined && { authorization }) }
      })
    const buy = async () => deploy(voucherCredential(challengeOf(await deploy()), "SPRING"))
    const paid = await buy()
    assert.strictEqual(paid.status, 200, await paid.clone().text())
    assert.match(((await paid.json()) as { url: string }).url, /^https:\/\/[\w-]+\.memory\.example$/)
    challengeOf(await buy())
  })
})
