import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Schema from "effect/Schema"
import { answerProblem } from "../../../../src/api/answer-problem.ts"
import { errorCatalog } from "../../../../src/api/discovery/errors/error-catalog.ts"
import * as Errors from "../../../../src/domain/Errors.ts"

const classes = Errors as unknown as Record<string, Schema.Codec<object, unknown>>

/** The shape on the wire. */
const sent = Effect.fnUntraced(function* (response: HttpServerResponse.HttpServerResponse) {
  const web = HttpServerResponse.toWeb(response)
  return { headers: web.headers, body: yield* Effect.promise(() => web.text()) }
})

describe("a refusal", () => {
  for (const { tag, status, example } of errorCatalog()) {
    it.effect(`is answered as the API definition does: ${tag}`, () =>
      Effect.gen(function* () {
        const errorClass = classes[tag] ?? assert.fail(`no class ${tag}`)
        const error = Schema.decodeUnknownSync(errorClass)(example)
        const plain =
          status < 500 && Object.values(example).every((value) => typeof value !== "object" || value === null)
        const answer = yield* Effect.result(answerProblem(error))
        assert.strictEqual(answer._tag, plain ? "Success" : "Failure")
        if (answer._tag === "Failure") return assert.strictEqual(answer.failure, error)
        const { headers, body } = yield* sent(answer.success)
        assert.strictEqual(body, JSON.stringify(Schema.encodeSync(errorClass)(error)))
        assert.strictEqual(answer.success.status, status)
        assert.strictEqual(headers.get("content-type"), "application/problem+json")
      })
    )
  }
})
