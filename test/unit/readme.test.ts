import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join, resolve } from "node:path"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Layer from "effect/Layer"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { serve } from "../../src/api/app.ts"
import { composeGateway, composeOrders } from "../../src/compose.ts"
import { layerSettings } from "../../src/config.ts"
import { Orders } from "../../src/orders/Orders.ts"
import { layerDeploymentIds } from "../../src/ids/DeploymentIds.ts"
import { readOffers } from "../../src/payment/service-offers.ts"
import { layerTempo } from "../../src/payment/tempo/Tempo.ts"
import { entries, layerInMemoryExpiryStore } from "../examples/InMemoryExpiryStore.ts"
import { layerInMemoryHost, projects } from "../examples/InMemoryHost.ts"
import { layerVoucher, used } from "../examples/Voucher.ts"
import { blocks, copies, followReadme, readme, voucherCredential } from "../support/examples.ts"
import { testSettings } from "../support/gateway.ts"
import { layerCronSecretTest, layerReplayGuardMemory, layerSweepCursorMemory } from "../../src/schedule/testing.ts"
import { layerNoRunner } from "../../src/sandbox/layers.ts"
import { layerIdStoreMemory } from "../../src/ids/testing.ts"
import { layerPayersMemory } from "../../src/payers/testing.ts"
import { makeOrdersMemory } from "../../src/orders/testing.ts"
import { layerRecordsMemory } from "../../src/records/testing.ts"
import { layerBundlerTest } from "../../src/bundler/testing.ts"

/** Implementations of the services that the examples do not replace. */
const others = {
  ids: layerDeploymentIds.pipe(Layer.provide(layerIdStoreMemory)),
  bundler: layerBundlerTest(),
  runner: layerNoRunner,
  payers: layerPayersMemory,
  records: layerRecordsMemory(),
  schedule: Layer.mergeAll(layerCronSecretTest(undefined), layerReplayGuardMemory),
  cursor: layerSweepCursorMemory,
  limit: Layer.empty,
  log: Layer.empty
}

const settingsIn = (setting: string): Record<string, string> => {
  const block = blocks.find(({ path, code }) => path === "wrangler.jsonc" && code.includes(setting))
  return (JSON.parse(block?.code ?? "{}") as { vars: Record<string, string> }).vars
}
const settings = (changes: Record<string, string>) =>
  layerSettings().pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ...testSettings, ...changes }))))

/** Makes a gateway over the three examples, at the README's price, as `layers.ts` does in an isolate of its own. */
const exampleGateway = () => {
  const memory = makeOrdersMemory()
  const layers = {
    ...others,
    settings: settings(settingsIn("DEPLOY_PRICE")),
    payment: layerVoucher,
    host: layerInMemoryHost,
    store: layerInMemoryExpiryStore,
    deployments: memory.deployments
  }
  const orders = memory.orders.pipe(Layer.provide(composeOrders(layers)))
  const handler = serve(composeGateway({ ...layers, orders }))
  return (name: string, authorization?: string) =>
    handler(
      new Request("http://gateway.test/deploy", {
        method: "POST",
        body: JSON.stringify({ files: { "index.ts": "export default {}" }, name }),
        headers: { "content-type": "application/json", ...(authorization !== undefined && { authorization }) }
      })
    )
}

describe("the README", () => {
  it("has the examples that it promises", () => {
    const titles = [...readme.matchAll(/^### Change the (.*)$/gm)].map(([, title]) => title)
    assert.deepStrictEqual(titles, ["price", "network", "payment rail", "host", "store"])
    assert.strictEqual(blocks.length, 5)
    assert.deepStrictEqual(copies, [
      { file: "test/examples/Voucher.ts", folder: "src/payment/" },
      { file: "test/examples/InMemoryHost.ts", folder: "src/control-plane/" },
      { file: "test/examples/InMemoryExpiryStore.ts", folder: "src/expiry/" }
    ])
  })

  it("names only existing settings, and every one without a default", () => {
    const config = readFileSync("src/config.ts", "utf8")
    for (const name of ["TEMPO_RECIPIENT", "MPP_SECRET_KEY", "CONTROL_PLANE_TOKEN"]) assert.include(readme, name)
    for (const [, name] of readme.matchAll(/`((?:TEMPO|MPP|DEPLOY|TTL|CONTROL)_[A-Z_]+)`/g))
      assert.include(config, `${name}:`)
  })
})

describe("the README's examples", () => {
  /** The project of a reader who has followed the README. */
  let project: string
  beforeAll(() => {
    mkdirSync(".local", { recursive: true })
    project = mkdtempSync(resolve(".local", "readme-"))
    followReadme(project)
  })
  afterAll(() => {
    if (project !== undefined) rmSync(project, { recursive: true })
  })

  it("compile at the place that they are copied to", { timeout: 120_000 }, () => {
    const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc")
    const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", join(project, "tsconfig.json")], {
      encoding: "utf8"
    })
    assert.strictEqual(status, 0, stdout)
  })

  it("sell a site in the in-memory host for a voucher, which the in-memory store lists", async () => {
    const deploy = exampleGateway()
    const pay = async (name: string, code: string) => {
      const header = (await deploy(name)).headers.get("www-authenticate") ?? ""
      assert.deepStrictEqual(readOffers(header), [
        { intent: "charge", method: "voucher", amount: "25", currency: "usd" }
      ])
      return deploy(name, voucherCredential(header, code))
    }

    assert.strictEqual((await pay("mine", "WINTER")).status, 402)
    assert.strictEqual(projects.size, 0)
    const paid = await pay("mine", "SPRING")
    assert.strictEqual(paid.status, 200, await paid.clone().text())
    const { url } = (await paid.json()) as { url: string }
    assert.strictEqual(url, "https://mine.memory.example")
    assert.isNotNull(paid.headers.get("payment-receipt"))
    assert.strictEqual(used.size, 1)
    assert.isString([...projects.values()][0]?.code)
    assert.deepStrictEqual(
      [...entries.values()].map((record) => record.url),
      [url]
    )
    assert.strictEqual((await pay("mine", "SPRING")).status, 402, "a code is good for one deploy")
  })

  it("accept a challenge of another isolate, and refuse a changed one", async () => {
    const [here, there] = [exampleGateway(), exampleGateway()]
    const header = (await here("ours")).headers.get("www-authenticate") ?? ""
    const forged = await there("ours", voucherCredential(header, "SUMMER", { id: "0".repeat(64) }))
    assert.strictEqual(((await forged.json()) as { type: string }).type.split("/").at(-1), "invalid-challenge")
    const other = await there("theirs", voucherCredential(header, "SUMMER"))
    assert.strictEqual(((await other.json()) as { type: string }).type.split("/").at(-1), "invalid-challenge")
    const unreadable = await there("ours", `Payment ${Buffer.from("null").toString("base64url")}`)
    assert.strictEqual(((await unreadable.json()) as { type: string }).type.split("/").at(-1), "malformed-credential")
    const paid = await there("ours", voucherCredential(header, "SUMMER"))
    assert.strictEqual(paid.status, 200, await paid.text())
  })

  it("accept one code once when it pays for two things at once", async () => {
    used.clear()
    const deploy = exampleGateway()
    const headers = await Promise.all(["one", "two"].map(async (name) => (await deploy(name)).headers))
    const answers = await Promise.all(
      ["one", "two"].map((name, index) =>
        deploy(name, voucherCredential(headers[index]?.get("www-authenticate") ?? "", "SPRING"))
      )
    )
    assert.sameMembers(
      answers.map(({ status }) => status),
      [200, 402]
    )
  })

  it("change the network by a setting", async () => {
    const gateway = composeGateway({
      ...others,
      settings: settings(settingsIn("TEMPO_NETWORK")),
      payment: layerTempo,
      host: layerInMemoryHost,
      store: layerInMemoryExpiryStore,
      orders: Layer.succeed(Orders, {} as (typeof Orders)["Service"])
    })
    const quote = await serve(gateway)(new Request("http://gateway.test/deploy", { method: "POST" }))
    const request = /request="([^"]+)"/.exec(quote.headers.get("www-authenticate") ?? "")?.[1] ?? ""
    const { methodDetails } = JSON.parse(Buffer.from(request, "base64url").toString()) as {
      methodDetails: { chainId: number }
    }
    assert.strictEqual(methodDetails.chainId, 42431)
  })
})
