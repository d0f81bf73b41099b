import type { Browser } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { page as render } from "../../src/api/discovery/page.ts"
import type { ServiceInfo } from "../../src/api/discovery/service-info.ts"
import { backgroundOf, launch, takeScreenshot, VIEWS, violationsOf, widestOf } from "./browser.ts"

let browser: Browser
beforeAll(async () => {
  browser = await launch()
}, 120_000)
afterAll(() => browser?.close())

const up: ServiceInfo = {
  origin: "https://mpp-compute.example.workers.dev",
  originIsSet: false,
  contact: undefined,
  missing: [],
  price: "0.10",
  offers: [],
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
  execute: { price: "0.01", offers: [] }
}
const otherRail = { ...up, tempo: false, currency: "usd", network: "voucher" }
const down = {
  ...up,
  missing: ["MPP_SECRET_KEY", "TEMPO_RECIPIENT", "CONTROL_PLANE_TOKEN"],
  currency: `0x${"ab".repeat(20)}`
}

describe("the page", () => {
  for (const [what, info] of Object.entries({ up, down, otherRail })) {
    for (const { width, colorScheme } of VIEWS) {
      it(`fits and passes an accessibility checker: ${what}, ${width} px, ${colorScheme}`, async () => {
        const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme })
        const tab = await context.newPage()
        await tab.setContent(render(info))
        await takeScreenshot(tab, `${what}-${width}-${colorScheme}`)
        assert.isAtMost(await widestOf(tab), width)
        const background = await backgroundOf(tab)
        if (colorScheme === "dark") assert.strictEqual(background, "rgb(17, 20, 24)")
        assert.deepStrictEqual(await violationsOf(tab), [])
        await context.close()
      })
    }
  }
})
