import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { describeFields } from "../../../src/api/discovery/describe-fields.ts"
import { makeGateway } from "../../support/gateway.ts"

type Json = Readonly<Record<string, unknown>>

const entriesOf = (value: unknown): ReadonlyArray<readonly [name: string, value: unknown]> =>
  typeof value === "object" && value !== null ? Object.entries(value) : []

/** Keywords of OpenAPI and JSON Schema whose entries each need a description. */
const named = ["properties", "parameters", "responses", "headers"]
const methods = ["get", "post", "put", "patch", "delete"]

/** Finds the places in a document that need a description and have none. */
const undescribed = (value: unknown, at = "#"): ReadonlyArray<string> =>
  entriesOf(value).flatMap(([keyword, inner]) => {
    // An example is data, and the schema beside it describes its fields.
    if (keyword === "example" || keyword === "examples") return []
    const place = `${at}/${keyword}`
    const needing: ReadonlyArray<readonly [place: string, value: unknown]> = named.includes(keyword)
      ? entriesOf(inner).map(([name, entry]) => [`${place}/${name}`, entry])
      : methods.includes(keyword) || keyword === "requestBody"
        ? [[place, inner]]
        : []
    // A reference has the description of its target, which is in `components` and needs one there.
    const own = needing.filter(
      ([, entry]) => !/^#\/components\/(responses|parameters|headers)\//.test(String((entry as Json)["$ref"]))
    )
    const lacking = own.filter(([, entry]) => !/\w/.test(String((entry as Json)["description"] ?? "")))
    return [...lacking.map(([found]) => found), ...undescribed(inner, place)]
  })

describe("the OpenAPI document", () => {
  it("describes every operation, parameter, response, header and field", async () => {
    const run = () => Effect.succeed({ ok: true as const, result: "5", durationMs: 1 })
    const document = (await (await makeGateway({ run }).send("/openapi.json")).json()) as Json
    assert.deepStrictEqual(undescribed(document), [])
    assert.isAbove(JSON.stringify(document).split('"description"').length, 180, "it was looked at")
  })

  it("fails this test if a description is missing", () => {
    const schema = { properties: { known: { description: "x" }, inner: { items: { properties: { deep: {} } } } } }
    const get = { description: "x", parameters: [{ name: "id" }], responses: { 200: {} }, requestBody: {} }
    assert.deepStrictEqual(undescribed({ paths: { "/": { get, put: {} } }, schema }), [
      "#/paths///get/parameters/0",
      "#/paths///get/responses/200",
      "#/paths///get/requestBody",
      "#/paths///put",
      "#/schema/properties/inner",
      "#/schema/properties/inner/items/properties/deep"
    ])
  })
})

describe("describeFields", () => {
  it("describes fields by name, keeps existing descriptions, and changes nothing else", () => {
    const given = {
      properties: { code: { type: "string" }, host: { description: "mine" }, other: { enum: ["code"] } },
      list: [{ properties: { hint: {} } }],
      code: { type: "no field" }
    }
    const described = describeFields(given)
    assert.deepStrictEqual(described as unknown, {
      properties: {
        code: { type: "string", description: "For programs." },
        host: { description: "mine" },
        other: { enum: ["code"] }
      },
      list: [{ properties: { hint: { description: "How to fix it." } } }],
      code: { type: "no field" }
    })
    assert.notProperty(given.properties.code, "description")
  })
})
