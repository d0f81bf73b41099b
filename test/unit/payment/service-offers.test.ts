import { assert, describe, it } from "vitest"
import { readOffers } from "../../../src/payment/service-offers.ts"

const encode = (request: object) => Buffer.from(JSON.stringify(request)).toString("base64url")
const challenge = (method: string, amount: string, description = "a thing") =>
  `Payment id="x", realm="r", method="${method}", intent="charge", request="${encode({ amount, currency: "usd" })}", description="${description}"`
const offer = (method: string, amount: string) => ({ intent: "charge", method, amount, currency: "usd" })

describe("the offers in WWW-Authenticate", () => {
  it("are one for each challenge", () => {
    const header = `${challenge("tempo", "100000")}, ${challenge("stripe", "10")}`
    assert.deepStrictEqual(readOffers(header), [offer("tempo", "100000"), offer("stripe", "10")])
  })

  it("ignore parameters within a description", () => {
    const header = challenge("tempo", "1", String.raw`a \"b\", Payment method=c, \\`)
    assert.deepStrictEqual(readOffers(header), [offer("tempo", "1")])
  })

  it("are read from tokens too", () => {
    const header = `payment method=tempo,intent=charge , request=${encode({ amount: "5", currency: "usd" })}`
    assert.deepStrictEqual(readOffers(header), [offer("tempo", "5")])
  })
})
