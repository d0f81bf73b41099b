import { assert, describe, it } from "vitest"
import { keyOf, type ReportRow } from "../../../src/records/rows.ts"
import { deployment, makeGateway, problem } from "../../support/gateway.ts"
import { answered, basic, deploy, type Gateway, get, makeOperated, status, TOKEN } from "./support.ts"

const send = (gateway: Gateway, body: unknown, headers: Record<string, string> = {}) =>
  gateway.send("/reports", {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers }
  })

describe("a report", () => {
  it("by id or URL reaches the operator, whatever its words are", async () => {
    const gateway = makeOperated()
    const { deployment_id: id, url } = await deployment(await gateway.pay())
    const reason = "<script>alert(1)</script> asks for passwords"
    const sent = await send(gateway, { url: `${url}/login?x=1`, reason, contact: "me@mail.example" })
    assert.deepStrictEqual([sent.status, await sent.json()], [202, { deployment_id: id, status: "received" }])
    assert.strictEqual((await send(gateway, { deployment_id: id, reason: "again" })).status, 202)
    const { rows } = (await answered(await get(gateway, "/reports"))) as {
      rows: ReadonlyArray<Record<string, unknown>>
    }
    const sentAs = (reason: string) => rows.find((row) => row["reason"] === reason)
    assert.deepInclude(sentAs(reason), { deployment_id: id, contact: "me@mail.example", dropped: 0 })
    assert.deepInclude(sentAs("again"), { deployment_id: id, contact: null })
    const { reports } = (await answered(await get(gateway, `/deployments/${id}`))) as { reports: ReadonlyArray<object> }
    assert.strictEqual(reports.length, 2)
    assert.strictEqual((await status(gateway, id))["report_url"], "/reports")
    assert.isTrue(gateway.logs.some((line) => line["message"] === "reported" && line["deployment_id"] === id))
  })

  it("is text on the operator's pages, whatever its words are", async () => {
    const gateway = makeOperated()
    const id = await deploy(gateway)
    const hostile = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`
    assert.strictEqual((await send(gateway, { deployment_id: id, reason: hostile, contact: hostile })).status, 202)
    for (const path of ["/reports", `/deployments/${id}`]) {
      const headers = { authorization: basic(TOKEN), accept: "text/html" }
      const page = await (await gateway.send(`/operator${path}`, { headers })).text()
      const escaped = "&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"
      assert.strictEqual(page.split(escaped).length, 3, path)
      assert.notMatch(page, /<script|<img/)
    }
  })

  it("is kept ten times for a deployment, and taken more often", async () => {
    const gateway = makeGateway()
    const id = await deploy(gateway)
    for (let count = 0; count < 13; count++) {
      assert.strictEqual((await send(gateway, { deployment_id: id, reason: `${count}` })).status, 202)
    }
    assert.deepStrictEqual(
      gateway.records.of("report").map(({ reason }) => reason),
      Array.from({ length: 10 }, (_, count) => `${count}`)
    )
  })

  it("takes the first free slot, because older ones are dropped one by one", async () => {
    const gateway = makeGateway()
    const id = await deploy(gateway)
    for (let count = 0; count < 10; count++) await send(gateway, { deployment_id: id, reason: `${count}` })
    gateway.records.rows.delete(keyOf("report", { deployment_id: id, slot: 3 }))
    await send(gateway, { deployment_id: id, reason: "new" })
    assert.deepStrictEqual(
      gateway.records.of("report").map(({ reason }) => reason),
      ["0", "1", "2", "new", "4", "5", "6", "7", "8", "9"]
    )
  })

  it("is not hidden by ten others, and comes first", async () => {
    const gateway = makeOperated()
    const id = await deploy(gateway)
    for (let count = 0; count < 10; count++) await send(gateway, { deployment_id: id, reason: `junk ${count}` })
    for (const [key, row] of gateway.records.rows) {
      if (key.startsWith("report:"))
        gateway.records.rows.set(key, { ...row, at: (row as ReportRow).at - 400_000 } as ReportRow)
    }
    assert.strictEqual((await send(gateway, { deployment_id: id, reason: "real" })).status, 202)
    const { rows } = (await answered(await get(gateway, "/reports"))) as { rows: ReadonlyArray<ReportRow> }
    assert.deepInclude(rows[0], { reason: "real", dropped: 1 })
    assert.strictEqual(rows.length, 10)
    const { reports } = (await answered(await get(gateway, `/deployments/${id}`))) as {
      reports: ReadonlyArray<ReportRow>
    }
    assert.strictEqual(reports[0]?.reason, "real")
    const headers = { authorization: basic(TOKEN), accept: "text/html" }
    const page = await (await gateway.send("/operator/reports", { headers })).text()
    assert.match(page, /at least 1 before it was replaced/)
    assert.isTrue(gateway.logs.some((line) => line["message"] === "reported" && line["kept"] === true))
    assert.strictEqual((await send(gateway, { deployment_id: id, reason: "at once" })).status, 202)
    assert.isTrue(gateway.logs.some((line) => line["message"] === "reported" && line["kept"] === false))
  })

  it("of one address takes one slot, if the host tells the address", async () => {
    const gateway = makeOperated()
    const id = await deploy(gateway)
    for (let count = 0; count < 30; count++) {
      const headers = { "cf-connecting-ip": `2001:db8::${count}` }
      await send(gateway, { deployment_id: id, reason: `junk ${count}` }, headers)
    }
    await send(gateway, { deployment_id: id, reason: "real" }, { "cf-connecting-ip": "192.0.2.1" })
    const rows = gateway.records.of("report")
    assert.deepStrictEqual(
      rows.map(({ reason }) => reason),
      ["junk 0", "real"]
    )
    assert.notInclude(JSON.stringify(rows), "2001")
  })

  it("must name a deployment of this service and a reason, in few bytes, and nothing else", async () => {
    const gateway = makeGateway()
    const { deployment_id: id, url } = await deployment(await gateway.pay())
    const rows: ReadonlyArray<readonly [body: unknown, status: number, detail: RegExp]> = [
      ["{", 400, /not JSON/],
      ["[]", 400, /must be an object/],
      [{}, 400, /reason is missing/],
      [{ reson: "x", url }, 400, /reson: did you mean reason\?/],
      [{ reason: "x" }, 400, /by url or by deployment_id/],
      [{ reason: "x", url, deployment_id: id }, 400, /not by both/],
      [{ reason: " ", url }, 400, /reason must be a text/],
      [{ reason: "x".repeat(1001), url }, 400, /1 to 1000 characters/],
      [{ reason: "x", url: 5 }, 400, /url must be a text/],
      [{ reason: "x", url, contact: "x".repeat(201) }, 400, /contact must be/],
      [{ reason: "x", url, name: "x" }, 400, /Unknown fields: name/],
      [`{"reason": "x", "url": "${"x".repeat(20_000)}"}`, 400, /at most 16384 bytes/],
      [{ reason: "x", url: "https://example.com" }, 404, /No deployment of this service/],
      [{ reason: "x", url: "not a url" }, 404, /No deployment/],
      [{ reason: "x", deployment_id: `dep_${"0".repeat(40)}` }, 404, /No deployment/]
    ]
    for (const [body, status, detail] of rows) {
      const answer = await problem(await send(gateway, body))
      assert.deepInclude(answer, { status, charged: false }, JSON.stringify(body))
      assert.match(answer.detail, detail)
    }
    assert.strictEqual((await send(gateway, { reason: "x", url }, { "content-type": "text/plain" })).status, 415)
    assert.strictEqual(gateway.records.of("report").length, 0)
    assert.strictEqual(gateway.host.calls.filter((call) => call.startsWith("findBySlug")).length, 0)
  })

  it("is refused while it cannot be kept, and from an address that sends too many", async () => {
    const limited = makeGateway({ limit: { limit: async () => ({ success: false }) } })
    const id = await deploy(limited)
    const headers = { "cf-connecting-ip": "192.0.2.1" }
    const busy = await problem(await send(limited, { deployment_id: id, reason: "x" }, headers))
    assert.match(busy.detail, /too many requests/)
    assert.deepInclude(busy, { code: "busy", charged: false })
    const gateway = makeGateway()
    const other = await deploy(gateway)
    gateway.records.available = false
    assert.deepInclude(await problem(await send(gateway, { deployment_id: other, reason: "x" })), {
      status: 503,
      code: "busy",
      charged: false
    })
  })
})
