import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { type Browser, chromium } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { page as render } from "../../src/api/discovery/page.ts"
import type { ServiceInfo } from "../../src/api/discovery/service-info.ts"

let browser: Browser
beforeAll(async () => {
  browser = await chromium.launch({
    timeout: 120_000,
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync"
    ]
  })
  // The first start on a machine reads hundreds of megabytes from its disk.
}, 120_000)
afterAll(() => browser?.close())

const checker = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

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
    for (const width of [390, 1280]) {
      for (const colorScheme of ["light", "dark"] as const) {
        it(`fits and passes an accessibility checker: ${what}, ${width} px, ${colorScheme}`, async () => {
          const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme })
          const tab = await context.newPage()
          await tab.setContent(render(info))
          const folder = process.env["SCREENSHOTS"]
          if (folder !== undefined) {
            await tab.screenshot({ path: `${folder}/${what}-${width}-${colorScheme}.png`, fullPage: true })
          }
          const widest = await tab.evaluate(() =>
            Math.max(...[...document.querySelectorAll("*")].map((element) => element.getBoundingClientRect().right))
          )
          assert.isAtMost(widest, width)
          const background = await tab.evaluate(() => getComputedStyle(document.body).backgroundColor)
          if (colorScheme === "dark") assert.strictEqual(background, "rgb(17, 20, 24)")
          await tab.evaluate(checker)
          const violations = await tab.evaluate(async () => {
            const { axe } = globalThis as unknown as {
              axe: {
                run: () => Promise<{
                  violations: ReadonlyArray<{ id: string; nodes: ReadonlyArray<{ html: string }> }>
                }>
              }
            }
            return (await axe.run()).violations.map(
              ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`
            )
          })
          assert.deepStrictEqual(violations, [])
          await context.close()
        })
      }
    }
  }
})
