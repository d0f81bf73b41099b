import { Challenge } from "mppx"
import { validate } from "mppx/discovery"
import { assert, describe, it } from "vitest"
import { exampleExecution, exampleRequest, exampleWithPackage } from "../../../../src/api/discovery/example.ts"
import { errorCatalog } from "../../../../src/api/discovery/errors/error-catalog.ts"
import { receiptOf } from "../../../../src/payment/tempo/settle.ts"
import * as Errors from "../../../../src/domain/Errors.ts"
import { testSettings } from "../../../support/gateway.ts"
import { run, read, references } from "./support.ts"

describe("GET /openapi.json", () => {
  it("is small, cacheable, valid and whole", async () => {
    const { response, text, document } = await read(testSettings, { run })
    assert.strictEqual(response.status, 200)
    assert.strictEqual(response.headers.get("content-type"), "application/json")
    assert.strictEqual(response.headers.get("cache-control"), "private, max-age=300")
    // Each paid operation names a token twice, and a gateway may have four more than the one of this test.
    const named = Object.values(document.paths)
      .flatMap((item) => Object.values(item))
      .flatMap(({ "x-payment-info": info }) => (info === undefined ? [] : [info.offers[0], info.protocols[0]]))
    assert.lengthOf(named, 6)
    assert.isBelow(new TextEncoder().encode(text).length + 4 * JSON.stringify(named).length, 64 * 1024)
    assert.deepStrictEqual(validate(document), [])
    assert.isAbove(references(text).length, 10)
    for (const path of references(text)) {
      const target = path.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document)
      assert.isDefined(target, path.join("/"))
    }
  })

  it("names every field of a receipt", async () => {
    const { text } = await read(testSettings, { run })
    const described = /base64url of JSON: ([\w, ]+)\./.exec(text)?.[1]?.split(", ") ?? []
    const { header } = receiptOf({ reference: "0x01", validBefore: 1, currency: "0x02" })
    assert.sameMembers(described, Object.keys(JSON.parse(Buffer.from(header, "base64url").toString()) as object))
  })

  it("has an error response of several operations once, and the 402 of each paid operation in its place", async () => {
    const { text, document } = await read(testSettings, { run })
    const shared = Object.values(document.components.responses).map((response) => JSON.stringify(response))
    assert.isAbove(shared.length, 5)
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item))
    const paid = operations.filter((operation) => operation["x-payment-info"] !== undefined)
    assert.isAtLeast(paid.length, 3)
    for (const { responses } of paid) assert.property(responses["402"], "content")
    for (const response of shared) {
      const places = response.includes("PaymentRequiredEncoded") ? paid.length + 1 : 1
      assert.strictEqual(text.split(response).length - 1, places, response)
    }
  })

  it("says once what all errors have in common, and every example fits its schema", async () => {
    const { document } = await read(testSettings, { run })
    const { Problem, ...schemas } = document.components.schemas
    const common = Problem?.required ?? []
    assert.includeMembers([...common], ["type", "status", "title", "detail", "code", "charged"])
    const checked = Object.entries(document.components.examples).flatMap(([tag, { value }]) => {
      const schema = schemas[`${tag}Encoded`]
      if (schema === undefined) return []
      assert.containsAllKeys(value, [...common, ...(schema.required ?? [])], tag)
      const own = Object.keys(schema.properties ?? {})
      assert.isEmpty(
        Object.keys(value).filter((name) => !common.includes(name) && !own.includes(name)),
        tag
      )
      for (const [name, { enum: values }] of Object.entries(schema.properties ?? {}))
        if (values !== undefined) assert.include(values, value[name], `${tag}.${name}`)
      return [tag]
    })
    assert.isAbove(checked.length, 20)
  })

  for (const DEPLOY_PRICE of ["0.10", "0.1", "3", "0.000001", "12345.678901"]) {
    it(`offers the terms of the challenge, at ${DEPLOY_PRICE}`, async () => {
      const { gateway, document } = await read({ ...testSettings, DEPLOY_PRICE })
      const { method, intent, request } = Challenge.deserialize(await gateway.challengeFor())
      const { amount, currency } = request as Record<string, string>
      assert.match(amount ?? "", /^[1-9]\d*$/)
      const offers = document.paths["/deploy"]?.["post"]?.["x-payment-info"]?.offers
      assert.deepStrictEqual(offers, [{ intent, method, amount: amount ?? "", currency: currency ?? "" }])
    })
  }

  it("gives directories the price, the protocol of each offer, the schema and the 402 of every paid operation", async () => {
    const { document } = await read({ ...testSettings, DEPLOY_PRICE: "0.25", EXECUTE_PRICE: "0.000001" }, { run })
    const paid = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.values(item).flatMap((operation) => {
        const info = operation["x-payment-info"]
        return info === undefined ? [] : [{ path, info, operation }]
      })
    )
    assert.deepStrictEqual(
      paid.map(({ path, info }) => [path, info.price]),
      [
        ["/deploy", { mode: "fixed", currency: "USD", amount: "0.25" }],
        ["/execute", { mode: "fixed", currency: "USD", amount: "0.000001" }],
        ["/deployments/{deployment_id}/renew", { mode: "fixed", currency: "USD", amount: "0.25" }]
      ]
    )
    for (const { info, operation } of paid) {
      assert.isAtLeast(info.offers.length, 1)
      assert.deepStrictEqual(
        info.protocols,
        info.offers.map(({ method = "", intent = "", currency = "" }) => ({ mpp: { method, intent, currency } }))
      )
      assert.property(operation.responses, "402")
    }
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item))
    for (const { security } of operations) assert.deepStrictEqual(security, [], "there are no API keys")
    for (const { path, operation } of paid.filter(({ path }) => !path.endsWith("/renew"))) {
      assert.strictEqual(operation.requestBody?.content["application/json"].schema?.["type"], "object", path)
    }
  })

  it("has guidance of at most 4,000 characters, and the operator's address if it is set", async () => {
    const { document } = await read({ ...testSettings, CONTACT_EMAIL: "jane@compute.example" }, { run })
    assert.deepStrictEqual(document.info.contact, { email: "jane@compute.example" })
    assert.isAtMost(document.info["x-guidance"].length, 4000)
    for (const part of ["$0.10", "/execute", "Idempotency-Key", "http://gateway.test/llms.txt"])
      assert.include(document.info["x-guidance"], part)
    const without = await read()
    assert.isUndefined(without.document.info.contact)
    assert.notInclude(without.document.info["x-guidance"], "/execute")
    assert.isAtMost(document["x-service-info"].categories.length, 5)
  })

  it("has an example that gets a quote and deploys unchanged, with a package where packages are installed", async () => {
    for (const [settings, expected] of [
      [testSettings, exampleWithPackage],
      [{ ...testSettings, NPM_PACKAGES: "off" }, exampleRequest]
    ] as const) {
      const { gateway, document } = await read(settings)
      const example = document.paths["/deploy"]?.["post"]?.requestBody?.content["application/json"].example
      assert.deepStrictEqual(example, expected)
      const response = await gateway.pay({ body: JSON.stringify(example) })
      assert.strictEqual(response.status, 200, await response.clone().text())
    }
  })

  it("offers /execute at its own price with an example that runs, if code can be loaded", async () => {
    const { gateway, document } = await read({ ...testSettings, EXECUTE_PRICE: "0.02" }, { run })
    const operation = document.paths["/execute"]?.["post"]
    const challenge = await gateway.challengeFor(null, {}, "/execute")
    const { amount } = Challenge.deserialize(challenge).request as Record<string, string>
    assert.strictEqual(amount, "20000")
    assert.deepStrictEqual(
      operation?.["x-payment-info"]?.offers.map((offer) => offer["amount"]),
      [amount]
    )
    const example = operation?.requestBody?.content["application/json"].example
    assert.deepStrictEqual(example, exampleExecution)
    const response = await gateway.pay({ body: JSON.stringify(example), path: "/execute" })
    assert.strictEqual(response.status, 200, await response.clone().text())
  })

  it("does not mention /execute if code cannot be loaded", async () => {
    const { gateway, text, document } = await read()
    assert.notProperty(document.paths, "/execute")
    assert.notInclude(await (await gateway.send("/llms.txt")).text(), "/execute")
    assert.notInclude(await (await gateway.send("/")).text(), "execute")
    assert.deepStrictEqual(validate(JSON.parse(text)), [])
  })

  it("has a 402 and an example of every error", async () => {
    const { document } = await read(testSettings, { run })
    const post = document.paths["/deploy"]?.["post"]
    assert.property(post?.responses, "402")
    const media = Object.values(document.paths).flatMap((item) =>
      Object.values(item).flatMap(({ responses }) =>
        Object.values(responses).flatMap(({ $ref = "", content }) =>
          Object.values((document.components.responses[$ref.split("/").at(-1) ?? ""] ?? { content }).content ?? {})
        )
      )
    )
    const shown = new Map(Object.entries(document.components.examples).map(([tag, { value }]) => [tag, value] as const))
    const answered = new Set(media.flatMap(({ examples = {} }) => Object.keys(examples)))
    // These two answers come from no endpoint.
    assert.sameMembers([...answered, "MethodNotAllowed", "UriTooLong"], [...shown.keys()])
    for (const { examples = {} } of media) {
      for (const [tag, { $ref }] of Object.entries(examples)) assert.strictEqual($ref, `#/components/examples/${tag}`)
    }
    assert.sameMembers(
      [...shown.keys()],
      Object.keys(Errors).filter((name) => /^[A-Z]/.test(name))
    )
    for (const { tag, status, code } of errorCatalog()) {
      const value = shown.get(tag)
      assert.deepStrictEqual([value?.["status"], value?.["code"]], [status, code], tag)
      assert.isString(value?.["detail"])
      assert.property(value, "charged")
    }
  })

  it("links to itself and the other documents", async () => {
    const { document, gateway } = await read()
    assert.deepStrictEqual(document.servers, [{ url: "http://gateway.test" }])
    const { categories, docs } = document["x-service-info"]
    assert.include(categories, "compute")
    for (const link of [docs["homepage"], docs["llms"], docs["apiReference"]]) {
      const { pathname } = new URL(link ?? "")
      assert.strictEqual((await gateway.send(pathname)).status, 200, link)
    }
  })

  it("offers nothing and is not cached while settings are missing", async () => {
    const { response, document } = await read({})
    assert.strictEqual(response.headers.get("cache-control"), "no-store")
    assert.isUndefined(document.paths["/deploy"]?.["post"]?.["x-payment-info"])
    assert.deepStrictEqual(validate(document), [])
  })
})
