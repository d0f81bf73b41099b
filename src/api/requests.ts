import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"

const Fields = Schema.fromJsonString(
  Schema.Struct({
    code: Schema.optionalKey(Schema.String),
    charged: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
    deployment_id: Schema.optionalKey(Schema.NullOr(Schema.String))
  })
)

/** Of an answer's body: which problem it is, whether money has moved, and whose deployment it is about. */
const fieldsOf = ({ body }: HttpServerResponse.HttpServerResponse) =>
  body._tag === "Uint8Array" && /\bjson$/.test(body.contentType) && body.contentLength < 4096
    ? Effect.orElseSucceed(Schema.decodeEffect(Fields)(new TextDecoder().decode(body.body)), () => ({}))
    : Effect.succeed({})

/**
 * One line of the log for each request: what was asked for, what was answered and how long it took (`millis`; on the
 * platform the clock stands still while code computes). Headers and bodies stay out of it.
 */
export const logRequests = HttpRouter.middleware(
  (effect) =>
    Effect.gen(function* () {
      const { method, url } = yield* HttpServerRequest.HttpServerRequest
      const since = yield* Clock.currentTimeMillis
      return yield* Effect.onExit(effect, (exit) =>
        Effect.gen(function* () {
          const millis = (yield* Clock.currentTimeMillis) - since
          const answered = Exit.isSuccess(exit)
            ? { status: exit.value.status, ...(yield* fieldsOf(exit.value)) }
            : // The client is gone; whatever it has set in motion goes on.
              { status: 499 }
          const path = url.split("?")[0]
          yield* Effect.annotateLogs(Effect.logInfo("request"), { method, path, ...answered, millis })
        })
      )
    }),
  { global: true }
)
