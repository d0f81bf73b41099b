import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { readBody } from "../request/body.ts"
import { MAX_BODY_BYTES } from "../request/decode-deploy.ts"
import { requireJson } from "../request/headers.ts"
import { JsonTooLarge, parseJson } from "../request/json.ts"
import { orFail } from "../refused.ts"

/** The error codes of JSON-RPC 2.0. */
export const PARSE_ERROR = -32700
export const INVALID_REQUEST = -32600
export const METHOD_NOT_FOUND = -32601
export const INVALID_PARAMS = -32602

/** The largest message in bytes: the largest body of the HTTP API, and 64 KiB for the frame and a credential. */
export const MAX_MESSAGE_BYTES = MAX_BODY_BYTES + 64 * 1024

/**
 * Limits of a message's JSON. They allow every project, and an eighth of the fields that an input of `/execute` may have in
 * HTTP, because a call is parsed, written and parsed again.
 */
const JSON_LIMITS = { depth: 520, fields: 25_000 }

/** An error of the protocol, as the client gets it. */
export class RpcError extends Schema.TaggedError<RpcError>()("RpcError", {
  code: Schema.Int,
  message: Schema.String,
  data: Schema.optionalKey(Schema.Unknown),
  /** The HTTP status: 200 where the error is the answer to a request that the transport has accepted. */
  status: Schema.Int
}) {}

/** Makes an error; its status is 400 unless another is given. */
export const rpcError = (
  code: number,
  message: string,
  { status = 400, data }: { status?: number; data?: unknown } = {}
) => new RpcError({ code, message, status, ...(data !== undefined && { data }) })

/** Any object. Its fields are not visited, because a client can send very many. */
const AnyObject = Schema.declare(Predicate.isReadonlyObject)

/** A request, or a notification, which has no id. */
const Message = Schema.Struct({
  jsonrpc: Schema.Literal("2.0"),
  id: Schema.optionalKey(Schema.Union([Schema.String, Schema.Finite])),
  method: Schema.String,
  params: Schema.optionalKey(AnyObject),
  _meta: Schema.optionalKey(AnyObject)
})
/** A request, or a notification, which has no id. */
export type Message = typeof Message.Type

const isMessage = Schema.is(Message)

/** The id of a message of any shape; null if it has none that could be answered. */
export const idOf = (message: unknown): string | number | null => {
  const id = Predicate.hasProperty(message, "id") ? message.id : undefined
  return Predicate.isString(id) || Predicate.isNumber(id) ? id : null
}

/** Whether a message answers a request. This server makes none, so it ignores such messages. */
const isAnswer = (message: unknown) =>
  Predicate.isReadonlyObject(message) && !("method" in message) && ("result" in message || "error" in message)

/** Reads a body to its end and parses it as JSON. It keeps nothing of a body above the limit. */
export const readJson = Effect.fnUntraced(function* (request: Request) {
  const { bytes } = yield* readBody(request, MAX_MESSAGE_BYTES).pipe(
    Effect.mapError(({ detail }) => rpcError(PARSE_ERROR, detail ?? ""))
  )
  yield* orFail(requireJson(request.headers)).pipe(
    Effect.mapError(({ detail }) => rpcError(INVALID_REQUEST, detail ?? "", { status: 415 }))
  )
  if (bytes === undefined) {
    return yield* rpcError(
      INVALID_REQUEST,
      `The message is larger than ${MAX_MESSAGE_BYTES} bytes. Send less source.`,
      {
        status: 413
      }
    )
  }
  return yield* Effect.try({
    try: () => parseJson(bytes, JSON_LIMITS, 0),
    catch: (error) =>
      error instanceof JsonTooLarge
        ? rpcError(
            INVALID_REQUEST,
            `The message has more than ${JSON_LIMITS.fields} fields and lists, or more than ${JSON_LIMITS.depth} levels. Send large inputs by HTTP.`
          )
        : rpcError(PARSE_ERROR, "The body is not JSON.")
  })
})

/** Checks the frame of a message. Returns `undefined` for one that needs no answer and changes nothing. */
export const decodeMessage = (json: unknown): Effect.Effect<Message | undefined, RpcError> => {
  if (Array.isArray(json)) {
    return rpcError(INVALID_REQUEST, "MCP has no batches since 2025-06-18. Send each message in a request of its own.")
  }
  if (isAnswer(json)) return Effect.succeed(undefined)
  if (isMessage(json)) return Effect.succeed(json)
  return rpcError(
    INVALID_REQUEST,
    'A message is an object with jsonrpc "2.0", a method, and params that are an object. The id is a string or a number.'
  )
}

const NO_STORE = { "cache-control": "private, no-store" }

/** Answers a request with its result. */
export const answerResult = (id: string | number | null, result: object) =>
  HttpServerResponse.jsonUnsafe({ jsonrpc: "2.0", id, result }, { headers: NO_STORE })

/** Answers a message with an error. */
export const answerError = (id: string | number | null, { code, message, data, status }: RpcError) =>
  HttpServerResponse.jsonUnsafe(
    { jsonrpc: "2.0", id, error: { code, message, ...(data !== undefined && { data }) } },
    { status, headers: NO_STORE }
  )
