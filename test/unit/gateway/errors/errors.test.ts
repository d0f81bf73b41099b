import { assert, describe, it } from "vitest"
import { makeGateway, problem } from "../../../support/gateway.ts"
import { orderRows } from "./order-rows.ts"
import { paymentRows } from "./payment-rows.ts"
import { requestRows } from "./request-rows.ts"

const matches = (value: unknown, expected: unknown, at: string): void => {
  if (expected instanceof RegExp) return assert.match(String(value), expected, at)
  if (expected === null || typeof expected !== "object" || Array.isArray(expected)) {
    return assert.deepStrictEqual(value, expected, at)
  }
  for (const [name, part] of Object.entries(expected)) {
    matches((value as Record<string, unknown>)[name], part, `${at}.${name}`)
  }
}

describe("the error table", () => {
  for (const { when, parts, call, status, code, charged, type, headers = {}, message = {}, captured = 0 } of [
    ...requestRows,
    ...paymentRows,
    ...orderRows
  ]) {
    it(`answers ${status} ${code} when ${when}`, async () => {
      const gateway = makeGateway(parts)
      const response = await call(gateway)
      const body = await problem(response)
      assert.deepStrictEqual([response.status, body.status, body.code, body.charged], [status, status, code, charged])
      assert.strictEqual(body.type, type ?? `urn:mpp-compute:problem:${code}`)
      assert.isAbove(body.detail.length, 3)
      assert.notInclude(JSON.stringify(body), "secret")
      assert.isNull(response.headers.get("payment-receipt"), "a receipt appears on success only")
      for (const [name, expected] of Object.entries(headers)) assert.match(response.headers.get(name) ?? "", expected)
      matches(body, message, code)
      assert.strictEqual(gateway.payments.captured.size, captured, "what was captured")
    })
  }
})
