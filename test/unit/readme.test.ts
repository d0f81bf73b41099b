import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join, resolve } from "node:path"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Layer from "effect/Layer"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { chargedText, problems } from "../../src/api/discovery/problems.ts"
import { offersIn } from "../../src/payment/offers.ts"
import { testSettings } from "../support/gateway.ts"

const readme = readFileSync("README.md", "utf8")

/** What the gateway needs beside the examples: nobody calls for a sweep here. */
const unscheduled = async () => {
  const { Sweep } = await from<typeof import("../../src/expiry/Sweep.ts")>("src/expiry/Sweep.ts")
  const { Claims } = await from<typeof import("../../src/expiry/Claims.ts")>("src/expiry/Claims.ts")
  const { CronSecret } = await from<typeof import("../../src/control-plane/CronSecret.ts")>(
    "src/control-plane/CronSecret.ts"
  )
  const sweep = Layer.succeed(Sweep, {} as (typeof Sweep)["Service"])
  return Layer.mergeAll(sweep, CronSecret.layerTest(undefined), Claims.layerMemory)
}

/** The code blocks that say in their first line which file they are. */
const blocks = [...readme.matchAll(/^```(tsc?|jsonc)\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)].map(
  ([, , path = "", code = ""]) => ({
    path,
    code
  })
)
const settingsIn = (setting: string): Record<string, string> => {
  const block = blocks.find(({ path, code }) => path === "wrangler.jsonc" && code.includes(setting))
  return (JSON.parse(block?.code ?? "{}") as { vars: Record<string, string> }).vars
}

/** A copy of `src` into which a reader has put the README's examples. */
let copy: string
beforeAll(() => {
  mkdirSync(".local", { recursive: true })
  copy = mkdtempSync(resolve(".local", "readme-"))
  cpSync("src", join(copy, "src"), { recursive: true })
  cpSync("tsconfig.json", join(copy, "tsconfig.json"))
  symlinkSync(resolve("node_modules"), join(copy, "node_modules"))
  const layers = join(copy, "src/layers.ts")
  for (const { path, code } of blocks) {
    if (path === "wrangler.jsonc") continue
    if (path !== "src/layers.ts") {
      writeFileSync(join(copy, path), code)
      continue
    }
    const [imports = "", statement = ""] = code.split("\n\n")
    const name = /^const (\w+) =/.exec(statement)?.[1] ?? "?"
    const before = readFileSync(layers, "utf8")
    const after = before.replace(new RegExp(`^const ${name} = [\\s\\S]*?\\n\\n`, "m"), () => `${statement.trim()}\n\n`)
    assert.notStrictEqual(after, before, `src/layers.ts has no ${name} to replace`)
    writeFileSync(layers, `${imports}\n${after}`)
  }
})
afterAll(() => {
  if (copy !== undefined) rmSync(copy, { recursive: true })
})

const from = <Module>(path: string): Promise<Module> => import(/* @vite-ignore */ join(copy, path)) as Promise<Module>

const settings = (changes: Record<string, string>) =>
  ConfigProvider.layer(ConfigProvider.fromUnknown({ ...testSettings, ...changes }))

describe("the README", () => {
  it("has the examples that it promises", () => {
    const titles = [...readme.matchAll(/^### Change the (.*)$/gm)].map(([, title]) => title)
    assert.deepStrictEqual(titles, ["price", "network", "payment rail", "host", "store"])
    assert.strictEqual(blocks.length, 8)
  })

  it("has examples that compile", { timeout: 120_000 }, () => {
    const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc")
    // What a replaced layer leaves behind in layers.ts, its import, is for the reader to delete.
    const args = [tsc, "-p", join(copy, "tsconfig.json"), "--noUnusedLocals", "false"]
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" })
    assert.strictEqual(status, 0, stdout)
  })

  it("has examples that run: a voucher pays for a site on the shelf, which the notebook knows", async () => {
    const { serve } = await from<typeof import("../../src/api/app.ts")>("src/api/app.ts")
    const { Settings } = await from<typeof import("../../src/config.ts")>("src/config.ts")
    const { Bundler } = await from<typeof import("../../src/bundler/Bundler.ts")>("src/bundler/Bundler.ts")
    const { CodeRunner } = await from<typeof import("../../src/execute/CodeRunner.ts")>("src/execute/CodeRunner.ts")
    const { Deployer } = await from<typeof import("../../src/deploy/Deployer.ts")>("src/deploy/Deployer.ts")
    const { Orders } = await from<typeof import("../../src/deploy/Orders.ts")>("src/deploy/Orders.ts")
    const { PaymentService } = await from<typeof import("../../src/payment/PaymentService.ts")>(
      "src/payment/PaymentService.ts"
    )
    const { ControlPlaneClient } = await from<typeof import("../../src/control-plane/ControlPlaneClient.ts")>(
      "src/control-plane/ControlPlaneClient.ts"
    )
    const { ExpiryStore } = await from<typeof import("../../src/expiry/ExpiryStore.ts")>("src/expiry/ExpiryStore.ts")
    const { codes, used, layerVoucher } = await from<{
      codes: Set<string>
      used: Set<string>
      layerVoucher: Layer.Layer<typeof PaymentService.Identifier>
    }>("src/payment/Voucher.ts")
    const { shelf, layerShelf } = await from<{
      shelf: Map<string, { readonly code?: string; readonly url: string }>
      layerShelf: Layer.Layer<typeof ControlPlaneClient.Identifier>
    }>("src/control-plane/Shelf.ts")
    const { notebook, layerNotebook } = await from<{
      notebook: Map<string, { readonly url: string }>
      layerNotebook: Layer.Layer<typeof ExpiryStore.Identifier>
    }>("src/expiry/Notebook.ts")

    const services = Layer.mergeAll(
      layerVoucher,
      layerShelf,
      layerNotebook,
      Bundler.layerTest(),
      CodeRunner.layerNone
    ).pipe(Layer.provideMerge(Settings.layer), Layer.provide(settings(settingsIn("DEPLOY_PRICE"))))
    const orders = Orders.layerMemory.pipe(Layer.provide(Deployer.layer), Layer.provide(services))
    const handler = serve(Layer.mergeAll(orders, services, await unscheduled()))
    const body = JSON.stringify({ files: { "index.ts": "export default {}" }, name: "mine" })
    const post = (headers: Record<string, string> = {}) =>
      handler(
        new Request("http://gateway.test/deploy", {
          method: "POST",
          body,
          headers: { "content-type": "application/json", ...headers }
        })
      )
    const pay = async (code: string) => {
      const header = (await post()).headers.get("www-authenticate") ?? ""
      assert.deepStrictEqual(offersIn(header), [{ intent: "charge", method: "voucher", amount: "25", currency: "usd" }])
      const challenge = Object.fromEntries(
        [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value])
      )
      const credential = Buffer.from(JSON.stringify({ challenge, payload: { code } })).toString("base64url")
      return post({ authorization: `Payment ${credential}` })
    }

    codes.add("SPRING")
    assert.strictEqual((await pay("WINTER")).status, 402)
    assert.strictEqual(shelf.size, 0)
    const paid = await pay("SPRING")
    assert.strictEqual(paid.status, 200, await paid.clone().text())
    const { url } = (await paid.json()) as { url: string }
    assert.strictEqual(url, "https://mine.shelf.example")
    assert.isNotNull(paid.headers.get("payment-receipt"))
    assert.strictEqual(used.size, 1)
    assert.isString([...shelf.values()][0]?.code)
    assert.deepStrictEqual(
      [...notebook.values()].map((record) => record.url),
      [url]
    )
    assert.strictEqual((await pay("SPRING")).status, 402, "a code is good for one deploy")
  })

  it("changes the network by a setting", async () => {
    const { serve } = await from<typeof import("../../src/api/app.ts")>("src/api/app.ts")
    const { Settings } = await from<typeof import("../../src/config.ts")>("src/config.ts")
    const { layerTempo } = await from<typeof import("../../src/payment/Tempo.ts")>("src/payment/Tempo.ts")
    const { CodeRunner } = await from<typeof import("../../src/execute/CodeRunner.ts")>("src/execute/CodeRunner.ts")
    const { Orders } = await from<typeof import("../../src/deploy/Orders.ts")>("src/deploy/Orders.ts")
    const nobody = Layer.succeed(Orders, {} as (typeof Orders)["Service"])
    const services = Layer.mergeAll(layerTempo, CodeRunner.layerNone, nobody).pipe(
      Layer.provideMerge(Settings.layer),
      Layer.provide(settings(settingsIn("TEMPO_NETWORK")))
    )
    const quote = await serve(Layer.merge(services, await unscheduled()))(
      new Request("http://gateway.test/deploy", { method: "POST" })
    )
    const request = /request="([^"]+)"/.exec(quote.headers.get("www-authenticate") ?? "")?.[1] ?? ""
    const { methodDetails } = JSON.parse(Buffer.from(request, "base64url").toString()) as {
      methodDetails: { chainId: number }
    }
    assert.strictEqual(methodDetails.chainId, 42431)
  })

  it("lists every error as the service answers it", () => {
    const rows = [...readme.matchAll(/^\| `(\w+)` \| (\d+) \| .*? \| (\w.*) \|$/gm)].map(
      ([, code, status, charged]) => `${code} ${status} ${charged}`
    )
    assert.sameMembers(rows, [
      ...new Set(problems.map((problem) => `${problem.code} ${problem.status} ${chargedText(problem)}`))
    ])
  })

  it("names no setting that does not exist, and every one that has no default", () => {
    const config = readFileSync("src/config.ts", "utf8")
    for (const name of ["TEMPO_RECIPIENT", "MPP_SECRET_KEY", "CONTROL_PLANE_TOKEN"]) assert.include(readme, name)
    for (const [, name] of readme.matchAll(/`((?:TEMPO|MPP|DEPLOY|TTL|CONTROL)_[A-Z_]+)`/g))
      assert.include(config, `${name}:`)
  })
})
