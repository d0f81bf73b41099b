import type { Browser, Page } from "playwright-core"
import { afterAll, afterEach, assert, beforeAll, beforeEach, describe, it } from "vitest"
import { deployment, makeGateway, problem, testSettings } from "../support/gateway.ts"
import { backgroundOf, launch, takeScreenshot, VIEWS, violationsOf, widestOf } from "./browser.ts"
import { type Served, serveGateway, servePage } from "./served.ts"

const TOKEN = "the operator's token of thirty-two characters"
const PAYER = `0x${"ab".repeat(20)}`

let browser: Browser
beforeAll(async () => {
  browser = await launch()
}, 120_000)
afterAll(() => browser?.close())

let gateway: ReturnType<typeof makeGateway>
let served: Served
beforeEach(async () => {
  gateway = makeGateway({ settings: { ...testSettings, OPERATOR_TOKEN: TOKEN } })
  served = await serveGateway(gateway.handler)
})
afterEach(() => served.close())

/** Opens a browser that signs in with this password. */
const open = async (options: Parameters<Browser["newContext"]>[0] = {}, password = TOKEN) => {
  const context = await browser.newContext({ httpCredentials: { username: "operator", password }, ...options })
  return context.newPage()
}

const deploy = async (key: string, payer = PAYER) =>
  deployment(await gateway.pay({ payer, headers: { "idempotency-key": key } }))

const status = async (id: string) =>
  (await (await gateway.send(`/deployments/${id}`)).json()) as Record<string, unknown>

const report = (url: string) =>
  gateway.send("/reports", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ url, reason: "It asks for <b>passwords</b> of a bank.", contact: "me@mail.example" })
  })

const textOf = (tab: Page) => tab.locator("main").innerText()

/** Does everything that an operator does about a site that phishes. */
const stopPhishing = async (tab: Page) => {
  const phishing = await deploy("phishing")
  const other = await deploy("other")
  await tab.goto(`${served.origin}/operator`)
  assert.include(await textOf(tab), phishing.url)
  // Find it.
  await tab.getByLabel("Deployment id, URL or payer").fill(`${phishing.url}/login`)
  await tab.getByRole("button", { name: "Find" }).click()
  assert.include(await tab.locator("h1").innerText(), phishing.deployment_id)
  // Take it down.
  await tab.getByLabel("Reason").fill("It phishes.")
  await tab.getByRole("button", { name: "Take it down" }).click()
  assert.match(await textOf(tab), /deleted[\s\S]*It phishes\./)
  assert.deepInclude(await status(phishing.deployment_id), { status: "deleted", taken_down: "It phishes." })
  // Deny its payer.
  await tab.getByRole("link", { name: PAYER }).click()
  assert.match(await textOf(tab), /Allowed\./)
  await tab.getByLabel("Reason, which the payer reads").fill("Phishing.")
  await tab.getByRole("button", { name: "Deny this payer" }).click()
  assert.match(await textOf(tab), /Denied[\s\S]*Phishing\./)
  const denied = await problem(await gateway.pay({ payer: PAYER, headers: { "idempotency-key": "third" } }))
  assert.deepInclude(denied, { status: 403, code: "denied", charged: false })
  // Take the others down.
  await tab.getByLabel("Reason", { exact: true }).fill("The same payer.")
  await tab.getByRole("button", { name: "Take all down" }).click()
  assert.deepInclude(await status(other.deployment_id), { status: "deleted", taken_down: "The same payer." })
  assert.strictEqual(gateway.host.projects.size, 0)
  await tab.getByRole("button", { name: "Allow this payer" }).click()
  assert.match(await textOf(tab), /Allowed\./)
  // Pause sales and resume them.
  await tab.getByRole("link", { name: "Live" }).click()
  await tab.getByLabel("Reason, which buyers read").fill("An attack.")
  await tab.getByRole("button", { name: "Pause sales" }).click()
  assert.match(await textOf(tab), /Sales are paused[\s\S]*An attack\./)
  const paused = await problem(await gateway.pay({ payer: PAYER, headers: { "idempotency-key": "fourth" } }))
  assert.deepInclude(paused, { status: 503, code: "sales_paused", charged: false })
  await tab.getByRole("button", { name: "Resume sales" }).click()
  assert.match(await textOf(tab), /Sales are on\./)
  assert.strictEqual((await status((await deploy("fifth")).deployment_id))["status"], "live")
}

describe("the operator's pages", () => {
  for (const javaScriptEnabled of [true, false]) {
    it(`stop a site that phishes, its payer and all sales ${javaScriptEnabled ? "with" : "without"} JavaScript`, async () => {
      const tab = await open({ javaScriptEnabled })
      await stopPhishing(tab)
      await tab.context().close()
    })
  }

  it("show nothing for a wrong password", async () => {
    const tab = await open({}, `${TOKEN}!`)
    const response = await tab.goto(`${served.origin}/operator`)
    assert.strictEqual(response?.status(), 401)
    await tab.context().close()
  })

  it("refuse the form of a page of another site, which the browser sends with the password", async () => {
    const { deployment_id: id } = await deploy("mine")
    const action = `${served.origin}/operator/deployments/${id}/takedown`
    const foreign = await servePage(
      `<form method="post" action="${action}"><input name="reason" value="x"><button>Win</button></form>`
    )
    const tab = await open()
    assert.strictEqual((await tab.goto(`${served.origin}/operator`))?.status(), 200)
    await tab.goto(foreign.origin)
    const answer = tab.waitForResponse((response) => response.url() === action && response.status() !== 401)
    await tab.getByRole("button").click()
    assert.strictEqual((await answer).status(), 403)
    assert.match(await textOf(tab), /page of another site has sent this\. Nothing was done/)
    assert.strictEqual((await status(id))["status"], "live")
    await tab.context().close()
    await foreign.close()
  })

  for (const { width, colorScheme } of VIEWS) {
    it(`fit and pass an accessibility checker: ${width} px, ${colorScheme}`, async () => {
      const live = await deploy("live")
      const down = await deploy("down")
      await report(live.url)
      const act = async (path: string, fields: Record<string, string> = {}) => {
        const response = await gateway.send(`/operator${path}`, {
          method: "POST",
          headers: {
            authorization: `Basic ${Buffer.from(`operator:${TOKEN}`).toString("base64")}`,
            "content-type": "application/json"
          },
          body: JSON.stringify(fields)
        })
        assert.strictEqual(response.status, 200, await response.clone().text())
      }
      await act(`/deployments/${down.deployment_id}/takedown`, { reason: "It phishes." })
      gateway.records.rows.set("owed:x", {
        id: down.deployment_id,
        operation: "deploy",
        payer: PAYER,
        amount: "0.10",
        token: `0x${"20".repeat(20)}`,
        reference: `0x${"cd".repeat(32)}`,
        at: Date.now(),
        deployment_id: down.deployment_id,
        state: "refund",
        why: "Taken down before it was live: It phishes."
      })
      const tab = await open({ viewport: { width, height: 800 }, colorScheme })
      const look = async (name: string, path: string) => {
        await tab.goto(`${served.origin}/operator${path}`)
        await takeScreenshot(tab, `operator-${name}-${width}-${colorScheme}`)
        assert.isAtMost(await widestOf(tab), width, name)
        const background = await backgroundOf(tab)
        if (colorScheme === "dark") assert.strictEqual(background, "rgb(17, 20, 24)")
        assert.deepStrictEqual(await violationsOf(tab), [], name)
      }
      await look("live", "")
      await look("deployment", `/deployments/${live.deployment_id}`)
      await look("deleted", `/deployments/${down.deployment_id}`)
      await look("payer", `/payers/${PAYER}`)
      await look("owed", "/owed")
      await look("sold", "/sold")
      await look("reports", "/reports")
      await look("problem", "/find?q=nothing")
      await act(`/payers/${PAYER}/deny`, { reason: "Phishing." })
      await act("/sales/pause", { reason: "An attack." })
      await look("denied", `/payers/${PAYER}`)
      await look("paused", "")
      await tab.context().close()
    })
  }
})
