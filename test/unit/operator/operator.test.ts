import { createHash } from "node:crypto"
import { validate } from "mppx/discovery"
import { assert, describe, it } from "vitest"
import { makeGateway, problem } from "../../support/gateway.ts"
import { answered, basic, deploy, type Gateway, get, makeOperated, post, status, TOKEN } from "./support.ts"

const HTML = "text/html,application/xhtml+xml,*/*;q=0.8"

/** Loads a page as a browser does. */
const load = (gateway: Gateway, path: string) =>
  gateway.send(path, { headers: { authorization: basic(TOKEN), accept: HTML } })

/** Sends a form as a browser does. */
const submit = (gateway: Gateway, path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  gateway.send(path, {
    method: "POST",
    body: new URLSearchParams(fields).toString(),
    headers: {
      authorization: basic(TOKEN),
      accept: HTML,
      "content-type": "application/x-www-form-urlencoded",
      origin: "http://gateway.test",
      "sec-fetch-site": "same-origin",
      ...headers
    }
  })

/** The secret of a page's form that posts to a path. */
const secretOf = (text: string, path: string) =>
  text.split(`action="${path}"`)[1]?.match(/name="form" value="([^"]+)"/)?.[1] ?? ""

const takedownPath = (id: string) => `/operator/deployments/${id}/takedown`

describe("the operator's pages", () => {
  it("ask for the password, and take no other", async () => {
    const gateway = makeOperated()
    const wrong = [
      undefined,
      "",
      "Basic",
      "Basic !",
      "Bearer x",
      `Basic ${TOKEN}`,
      basic(""),
      basic(`${TOKEN} `),
      basic(TOKEN, "admin")
    ]
    for (const authorization of wrong) {
      for (const [path, method] of [
        ["/operator", "GET"],
        ["/operator/nothing", "GET"],
        ["/operator/sales/pause", "POST"],
        ["/operator", "OPTIONS"]
      ] as const) {
        const response = await gateway.send(path, {
          method,
          headers: authorization === undefined ? {} : { authorization }
        })
        assert.strictEqual(response.status, 401, `${authorization} ${path}`)
        assert.strictEqual(response.headers.get("www-authenticate"), 'Basic realm="operator", charset="UTF-8"')
        assert.strictEqual((await problem(response)).code, "unauthorized")
      }
    }
  })

  it("let nobody in by 1,000 wrong passwords, and nobody out", async () => {
    const gateway = makeOperated()
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        gateway.send("/operator", { headers: { authorization: basic(`${TOKEN.slice(0, -1)}${index}`) } })
      )
    )
    assert.deepStrictEqual([...new Set(answers.map((answer) => answer.status))], [401])
    assert.strictEqual((await get(gateway, "")).status, 200)
  })

  it("cannot be read by pages of other sites, framed, cached or scripted", async () => {
    const gateway = makeOperated()
    for (const response of [
      await load(gateway, "/operator"),
      await get(gateway, ""),
      await get(gateway, "/nothing"),
      await gateway.send("/operator"),
      await gateway.send("/operator/sales/pause", {
        method: "OPTIONS",
        headers: { origin: "https://evil.test", "access-control-request-method": "POST" }
      })
    ]) {
      for (const name of response.headers.keys()) assert.notMatch(name, /^access-control/)
      assert.strictEqual(response.headers.get("cache-control"), "no-store")
      const policy = response.headers.get("content-security-policy") ?? ""
      assert.match(policy, /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+';.*frame-ancestors 'none'$/)
      assert.notMatch(policy, /script-src|unsafe/)
      assert.strictEqual(response.headers.get("x-content-type-options"), "nosniff")
      assert.isNull(response.headers.get("set-cookie"))
    }
  })

  it("allow exactly the style that they have", async () => {
    const page = await load(makeOperated(), "/operator")
    const [, style = ""] = /<style>([^]*)<\/style>/.exec(await page.text()) ?? []
    const hash = createHash("sha256").update(style).digest("base64")
    assert.include(page.headers.get("content-security-policy"), `style-src 'sha256-${hash}'`)
  })

  it("take a deployment down by the form of its page, and by no other form", async () => {
    const gateway = makeOperated()
    const id = await deploy(gateway)
    const other = await deploy(gateway, { "idempotency-key": "other" })
    const text = await (await load(gateway, `/operator/deployments/${id}`)).text()
    const form = secretOf(text, takedownPath(id))
    const otherForm = secretOf(
      await (await load(gateway, `/operator/deployments/${other}`)).text(),
      takedownPath(other)
    )
    const foreign: ReadonlyArray<readonly [Record<string, string>, Record<string, string>]> = [
      [{ reason: "x" }, {}],
      [{ form: otherForm, reason: "x" }, {}],
      [{ form: `9${form}`, reason: "x" }, {}],
      [{ form, reason: "x" }, { origin: "https://evil.test" }],
      [{ form, reason: "x" }, { origin: "null" }],
      [{ form, reason: "x" }, { "sec-fetch-site": "cross-site" }],
      [{ form, reason: "x" }, { "sec-fetch-site": "same-site" }]
    ]
    for (const [fields, headers] of foreign) {
      const response = await submit(gateway, takedownPath(id), fields, headers)
      assert.strictEqual(response.status, 403, JSON.stringify([fields, headers]))
      assert.match(await response.text(), /Nothing was done/)
    }
    assert.strictEqual((await status(gateway, id))["status"], "live")
    const done = await submit(gateway, takedownPath(id), { form, reason: "It <b>phishes</b>." })
    assert.deepStrictEqual([done.status, done.headers.get("location")], [303, `/operator/deployments/${id}`])
    assert.deepInclude(await status(gateway, id), { status: "deleted", taken_down: "It <b>phishes</b>." })
    const page = await (await load(gateway, `/operator/deployments/${id}`)).text()
    assert.include(page, "It &lt;b&gt;phishes&lt;/b&gt;.")
    assert.strictEqual((await status(gateway, other))["status"], "live")
  })

  it("take no JSON from another site's page, no other types, and no unknown fields", async () => {
    const gateway = makeOperated()
    const id = await deploy(gateway)
    const send = (headers: Record<string, string>, body: string) =>
      gateway.send(takedownPath(id), { method: "POST", body, headers: { authorization: basic(TOKEN), ...headers } })
    const json = { "content-type": "application/json" }
    const body = JSON.stringify({ reason: "x" })
    assert.strictEqual((await send({ ...json, origin: "https://evil.test" }, body)).status, 403)
    assert.strictEqual((await send({ "content-type": "text/plain" }, body)).status, 415)
    assert.strictEqual((await send({ "content-type": "multipart/form-data; boundary=x" }, body)).status, 415)
    assert.strictEqual((await send(json, JSON.stringify({ reson: "x" }))).status, 400)
    assert.strictEqual((await send(json, "[")).status, 400)
    assert.strictEqual((await send(json, JSON.stringify({ reason: "x".repeat(301) }))).status, 400)
    assert.strictEqual((await send(json, JSON.stringify({ reason: "x".repeat(20_000) }))).status, 400)
    assert.strictEqual((await get(gateway, "/nothing")).status, 404)
    const refused = await post(gateway, "")
    assert.deepStrictEqual([refused.status, refused.headers.get("allow")], [405, "GET"])
    for (const method of ["GET", "PUT"]) {
      const answer = await gateway.send(takedownPath(id), { method, headers: { authorization: basic(TOKEN) } })
      assert.deepStrictEqual([method, answer.status, answer.headers.get("allow")], [method, 405, "POST"])
    }
    assert.strictEqual((await status(gateway, id))["status"], "live")
  })

  it("list what is live with the newest first, and find it by id and URL", async () => {
    const gateway = makeOperated()
    const ids: Array<string> = []
    for (const key of ["a", "b", "c"]) {
      ids.unshift(await deploy(gateway, { "idempotency-key": key }))
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    const { live } = (await answered(await get(gateway, ""))) as {
      live: { rows: ReadonlyArray<{ deployment_id: string; url: string; payer: string }> }
    }
    assert.deepStrictEqual(
      live.rows.map(({ deployment_id }) => deployment_id),
      ids
    )
    const [newest] = live.rows
    const url = newest?.url ?? ""
    const here = `/operator/deployments/${ids[0]}`
    for (const q of [ids[0] ?? "", url, `${url}/a?b#c`, new URL(url).host]) {
      const found = await answered(await get(gateway, `/find?q=${encodeURIComponent(q)}`))
      assert.deepStrictEqual(found, { location: here }, q)
    }
    // Without a record the host knows the project.
    gateway.records.sites.clear()
    assert.deepStrictEqual(await answered(await get(gateway, `/find?q=${encodeURIComponent(url)}`)), { location: here })
    assert.strictEqual((await get(gateway, "/find?q=https://tester-nothing.runjack.test")).status, 404)
    assert.strictEqual((await get(gateway, "/find?q=")).status, 400)
    const page = await load(gateway, `/operator/find?q=${ids[0]}`)
    assert.deepStrictEqual([page.status, page.headers.get("location")], [303, here])
    const details = await answered(await get(gateway, `/deployments/${ids[0]}`))
    assert.deepInclude(details, { payer: "0xpayer", amount: "0.10", renewals: [], reports: [] })
  })

  it("count what was sold by day and token", async () => {
    const gateway = makeOperated()
    for (const key of ["a", "b", "c"]) await deploy(gateway, { "idempotency-key": key })
    const { days } = (await answered(await get(gateway, "/sold?days=2"))) as {
      days: ReadonlyArray<Record<string, unknown>>
    }
    const token = "0x20c0000000000000000000000000000000000000"
    assert.deepInclude(days[0], {
      count: 3,
      complete: true,
      amounts: [{ token, name: "pathUSD", amount: "0.30", count: 3 }]
    })
    assert.deepInclude(days[1], { count: 0, amounts: [] })
    assert.strictEqual((await get(gateway, "/sold?days=32")).status, 400)
  })

  it("refuse a cursor that no page has given", async () => {
    const gateway = makeOperated()
    for (const path of ["", "/owed", "/reports", `/payers/0x${"a".repeat(40)}`]) {
      const { status, code, detail } = await problem(await get(gateway, `${path}?cursor=nonsense`))
      assert.deepStrictEqual([status, code], [400, "invalid_request"], path)
      assert.match(detail, /^cursor is not/)
    }
  })

  it("say so when the records cannot be read", async () => {
    const gateway = makeOperated()
    gateway.records.available = false
    assert.deepInclude(await problem(await get(gateway, "")), { status: 503, code: "busy" })
    const page = await load(gateway, "/operator")
    assert.strictEqual(page.status, 503)
    assert.match(await page.text(), /Not available at the moment/)
    // A deployment is sold all the same.
    assert.strictEqual((await status(gateway, await deploy(gateway)))["status"], "live")
  })

  it("are in the OpenAPI document where there is an operator, under a tag of their own", async () => {
    const text = await (await makeOperated().send("/openapi.json")).text()
    const document = JSON.parse(text) as { paths: Record<string, Record<string, { tags: ReadonlyArray<string> }>> }
    const ours = Object.entries(document.paths).filter(([path]) => path.startsWith("/operator"))
    assert.isAbove(ours.length, 7)
    for (const [, item] of ours) for (const { tags } of Object.values(item)) assert.deepStrictEqual(tags, ["operator"])
    assert.deepStrictEqual(validate(document), [])
    assert.isBelow(text.length, 64 * 1024)
    assert.notInclude(await (await makeGateway().send("/openapi.json")).text(), "/operator")
  })

  it("write a line to the log for each action", async () => {
    const gateway = makeOperated()
    const id = await deploy(gateway)
    await post(gateway, `/deployments/${id}/takedown`, { reason: "It phishes." })
    const line = gateway.logs.find(({ message }) => message === "operator")
    assert.deepInclude(line, {
      action: "Take a deployment down, for good",
      target: id,
      reason: "It phishes.",
      outcome: "Success"
    })
    assert.notInclude(JSON.stringify(gateway.logs), TOKEN)
    assert.isTrue(
      gateway.logs.some(({ message, path }) => message === "request" && path === `/operator/deployments/${id}/takedown`)
    )
  })
})
