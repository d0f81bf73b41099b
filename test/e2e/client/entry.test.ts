import { assert, describe, it } from "vitest"
import { openApi } from "../../../src/api/discovery/openapi.ts"
import type { ServiceInfo } from "../../../src/api/discovery/service-info.ts"
import { decimalsOf, entryOf } from "../../../src/local/client/entry.ts"
import { decodeDocument } from "../../../src/local/client/service.ts"

const offer = (amount: string, currency: string) => ({ method: "tempo", intent: "charge", amount, currency })

const service: ServiceInfo = {
  origin: "https://compute.example",
  originIsSet: true,
  contact: undefined,
  missing: [],
  price: "0.25",
  offers: [offer("250000", "0xfirst"), offer("250000", "0xsecond")],
  tempo: true,
  currency: "pathUSD",
  currencies: [],
  network: "Tempo mainnet",
  mppxOptions: "",
  ttlHours: 24,
  maxDays: 30,
  maxLive: 50,
  importHosts: [],
  packages: "on",
  resources: [],
  assetLimit: 0,
  startCheck: true,
  execute: { price: "0.000001", offers: [offer("1", "0xfirst"), offer("1", "0xsecond")] }
}

/** The entry of a service that has these facts. */
const entryFor = (changes: Partial<ServiceInfo> = {}, name = "My Compute") => {
  const document = decodeDocument(JSON.parse(JSON.stringify(openApi({ ...service, ...changes }))))
  return entryOf({ document, realm: "my-compute", chainId: 4217, hasIcon: true, name })
}

describe("an entry for mpp.dev's directory", () => {
  it("follows the prices and the currencies of the service", () => {
    const { endpoints, payments, status } = entryFor()
    const amounts = Object.fromEntries(endpoints.map(({ route, amount }) => [route, amount]))
    assert.deepInclude(amounts, { "POST /deploy": "250000", "POST /execute": "1", "GET /health": undefined })
    assert.deepStrictEqual(payments, [
      { method: "tempo", currency: "0xfirst", decimals: 6 },
      { method: "tempo", currency: "0xsecond", decimals: 6 }
    ])
    assert.strictEqual(status, "active")
  })

  it("names the document, the guide and the page, and no address twice", () => {
    const { docs, url, description, categories } = entryFor()
    assert.deepStrictEqual(docs, {
      homepage: "https://compute.example/",
      llmsTxt: "https://compute.example/llms.txt",
      apiReference: "https://compute.example/openapi.json"
    })
    assert.strictEqual(url, docs.homepage)
    assert.notInclude(description, "llms.txt")
    assert.include(categories, "compute")
  })

  it("is refused where the directory would refuse it", () => {
    assert.throws(() => entryFor({}, "???"), /\["id"\]/)
    assert.throws(() => entryFor({ origin: "http://compute.example" }), /takes https:\/\/ addresses only/)
  })

  it("is refused for a service that sells nothing", () => {
    const nothing = { offers: [], execute: undefined }
    assert.throws(() => entryFor(nothing), /sells nothing at the moment\. GET https:\/\/compute\.example\/health/)
  })

  it("knows the decimals of a token by its price in dollars", () => {
    assert.strictEqual(decimalsOf("100000", "0.10"), 6)
    assert.strictEqual(decimalsOf("12345678901", "12345.678901"), 6)
    assert.strictEqual(decimalsOf("10", "0.10"), 2)
    assert.throws(() => decimalsOf("123", "0.10"), /no power of ten/)
  })
})
