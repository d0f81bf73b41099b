import { assert, describe, it } from "vitest"
import { acceptsPayment, prefersHtml } from "../../../src/api/request/content-negotiation.ts"

describe("GET / by the Accept header", () => {
  const html = [
    "text/html",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "TEXT/HTML; charset=utf-8",
    "application/json;q=0.5, text/html;q=0.9",
    "text/*"
  ]
  const json = [
    null,
    "",
    "*/*",
    "application/json",
    "application/json, text/plain, */*",
    "application/json, text/html;q=0.9",
    "text/html;q=0",
    "text/html;q=2",
    "nonsense"
  ]
  for (const accept of html) it(`answers the page to ${accept}`, () => assert.isTrue(prefersHtml(accept)))
  for (const accept of json) it(`answers JSON to ${accept}`, () => assert.isFalse(prefersHtml(accept)))
})

describe("tempo/charge by the Accept-Payment header", () => {
  const yes = [
    null,
    "",
    "tempo/charge",
    "stripe/charge;q=0.5, tempo/*;q=0.1",
    "*/charge",
    "*/*",
    "*/*;q=0, tempo/charge",
    "not a list of ranges"
  ]
  const no = [
    "stripe/charge",
    "tempo/session",
    "tempo/charge;q=0",
    "*/*, tempo/charge;q=0.000",
    "tempo/*;q=0, */charge"
  ]
  for (const header of yes)
    it(`is acceptable: ${header}`, () => assert.isTrue(acceptsPayment(header, "tempo", "charge")))
  for (const header of no)
    it(`is not acceptable: ${header}`, () => assert.isFalse(acceptsPayment(header, "tempo", "charge")))
})
