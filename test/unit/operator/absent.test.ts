import { assert, describe, it } from "vitest"
import { makeGateway, problem } from "../../support/gateway.ts"
import { basic, TOKEN } from "./support.ts"

describe("the operator's pages without a token", () => {
  it("are not there", async () => {
    const gateway = makeGateway()
    for (const path of ["/operator", "/operator/sold"]) {
      const response = await gateway.send(path, { headers: { authorization: basic(TOKEN) } })
      const { detail, ...rest } = await problem(response)
      const other = await problem(await gateway.send("/nothing"))
      assert.deepInclude(rest, { status: 404, code: "not_found" })
      assert.strictEqual(detail.replace(path, "/nothing"), other.detail)
      assert.isNull(response.headers.get("www-authenticate"))
    }
  })

  it("answer every method as an unknown path does", async () => {
    const gateway = makeGateway()
    const ask = async (path: string, method: string) => {
      const response = await gateway.send(path, {
        method,
        headers: { authorization: basic(TOKEN), origin: "https://site.test", accept: "text/html" }
      })
      const text = (await response.text()).replaceAll(path, "")
      return [response.status, [...response.headers].filter(([name]) => name !== "content-length"), text]
    }
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      for (const path of ["/operator", "/operator/", "/operator/owed", "/operator/sales/pause", "/operator/x/y"]) {
        assert.deepStrictEqual(await ask(path, method), await ask("/nothing", method), `${method} ${path}`)
      }
    }
  })
})
