import { assert, describe, it } from "vitest"
import { llmsTxt } from "../../../../src/api/discovery/llms.ts"
import type { ServiceInfo } from "../../../../src/api/discovery/service-info.ts"
import { errorCatalog } from "../../../../src/api/discovery/errors/error-catalog.ts"
import { makeGateway, testSettings } from "../../../support/gateway.ts"
import { run } from "./support.ts"

/** A service that takes money in another way. */
const offers = [{ method: "voucher", intent: "charge", amount: "10", currency: "usd" }]
const voucherService: ServiceInfo = {
  originIsSet: false,
  origin: "https://compute.example",
  contact: undefined,
  missing: [],
  price: "0.10",
  offers,
  tempo: false,
  currency: "usd",
  currencies: [],
  network: "voucher",
  mppxOptions: "",
  ttlHours: 1,
  maxDays: 30,
  maxLive: 50,
  importHosts: [],
  packages: "off",
  resources: [],
  assetLimit: 0,
  startCheck: false,
  execute: { price: "0.01", offers }
}

describe("GET /llms.txt", () => {
  const text = async (settings: Record<string, string> = testSettings) => {
    const response = await makeGateway({ settings, run }).send("/llms.txt")
    assert.strictEqual(response.status, 200)
    assert.strictEqual(response.headers.get("content-type"), "text/plain; charset=utf-8")
    return response.text()
  }

  it("names the price, the calls and every error", async () => {
    const guide = await text({ ...testSettings, DEPLOY_PRICE: "0.25", TTL_HOURS: "2" })
    for (const word of [
      "$0.25",
      "$0.01",
      "`10000`",
      "npx mppx http://gateway.test/execute",
      "`250000`",
      "2 hours",
      "npx mppx http://gateway.test/deploy",
      "tempo request",
      "curl -i"
    ]) {
      assert.include(guide, word)
    }
    for (const { code, status } of errorCatalog()) assert.include(guide, `| \`${code}\` | ${status} |`)
  })

  it("has commands whose bodies get a quote", async () => {
    const gateway = makeGateway()
    const bodies = [...(await text()).matchAll(/ '(\{"files".*?\})'/g)].map(([, body]) => body ?? "")
    assert.strictEqual(bodies.length, 5)
    for (const body of bodies) assert.strictEqual((await gateway.post(body)).status, 402)
  })

  it("offers what the operator offers", async () => {
    const full = await text()
    for (const part of ["`kv_namespaces`, one of `d1_databases`", "AI, R2, …", "2 MiB and", '"public/index.html"'])
      assert.include(full, part)
    const narrow = await text({ ...testSettings, RESOURCES: "r2, assets", ASSET_LIMIT: "1000" })
    assert.include(narrow, "`vars` (strings), `r2_buckets`, `assets`, `define`")
    assert.include(narrow, "1,000 bytes and")
    assert.notMatch(narrow, /kv_namespaces|d1_databases|AI, R2/)
    assert.include(await text({ ...testSettings, RESOURCES: "none" }), "serves no static files")
  })

  it("tells a client how to find the network", async () => {
    const network = (TEMPO_NETWORK: string) => text({ ...testSettings, TEMPO_NETWORK })
    assert.match(await network("testnet"), /npx mppx \S+\/deploy --network testnet -H/)
    assert.match(await network("mainnet"), /npx mppx \S+\/deploy -H/)
  })

  it("does not mention Tempo with another payment method", () => {
    const guide = llmsTxt(voucherService)
    assert.notMatch(guide, /mppx|tempo|decimals|transfer/i)
    assert.include(guide, "method `voucher`, intent `charge`, amount `10` base units of `usd`\n")
    assert.include(guide, "runs them for 1 hour.")
    assert.notMatch(guide, /\n\n\n/)
  })

  it("names the imports that work", async () => {
    assert.include(await text(), 'import x from "https://esm.sh/x@1.2.3"')
    assert.include(
      await text({ ...testSettings, IMPORT_HOSTS: "a.example, b.example" }),
      "By URL from a.example, b.example"
    )
  })

  it("says whether packages are installed", async () => {
    assert.match(await text(), /npm packages: `import \{ z \} from "zod"`[\s\S]*at most 250 packages, 64 MiB fetched/)
    const off = await text({ ...testSettings, NPM_PACKAGES: "off" })
    assert.include(off, "No packages are installed: send the source of other packages as files.")
    const unknown = llmsTxt({ ...voucherService, packages: "unknown" })
    assert.include(unknown, "No packages are installed, because this service knows no registry: send the source")
    for (const guide of [off, unknown]) assert.notMatch(guide, /zod|lock|npm packages/)
  })

  it("names the operator's address if it is set", async () => {
    assert.include(
      await text({ ...testSettings, CONTACT_EMAIL: "jane@compute.example" }),
      "- Contact: jane@compute.example"
    )
    assert.notInclude(await text(), "Contact")
  })

  it("names the missing settings", async () => {
    assert.match(await text({}), /Not configured yet.*TEMPO_RECIPIENT/)
    assert.notMatch(await text(), /Not configured/)
  })
})

describe("GET /favicon.svg", () => {
  it("is an image, for every request", async () => {
    const gateway = makeGateway()
    for (const _ of [1, 2]) {
      const response = await gateway.send("/favicon.svg")
      assert.deepStrictEqual([response.status, response.headers.get("content-type")], [200, "image/svg+xml"])
      assert.match(await response.text(), /^<svg xmlns=.*<\/svg>$/)
    }
  })
})

describe("GET /", () => {
  const browser = { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" } }

  it("is a page for browsers, without script", async () => {
    const response = await makeGateway().send("/", browser)
    const html = await response.text()
    assert.strictEqual(response.headers.get("content-type"), "text/html; charset=utf-8")
    assert.match(response.headers.get("vary") ?? "", /accept/)
    assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'none'/)
    assert.notMatch(html, /<script|javascript:|onload=|src=/i)
    assert.include(html, "npx mppx http://gateway.test/deploy")
    assert.include(html, "$0.10")
    assert.include(html, "Up.")
  })

  it("names the missing settings", async () => {
    const html = await (await makeGateway({ settings: {} }).send("/", browser)).text()
    assert.match(html, /Not configured\..*CONTROL_PLANE_TOKEN/)
  })

  it("is JSON for programs", async () => {
    const response = await makeGateway().send("/")
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/)
    const about = (await response.json()) as {
      configured: boolean
      price: { deploy: string }
      links: Record<string, string>
    }
    assert.isTrue(about.configured)
    assert.strictEqual(about.price.deploy, "0.10")
    assert.strictEqual(about.links["llms"], "/llms.txt")
  })
})
