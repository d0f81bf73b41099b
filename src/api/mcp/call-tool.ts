import * as Effect from "effect/Effect"
import * as HttpServerRespondable from "effect/http/HttpServerRespondable"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Predicate from "effect/Predicate"
import { CREDENTIAL_FIELD, RECEIPT_FIELD, toReceipt } from "../../payment/mcp-binding.ts"
import { INVALID_PARAMS, type Message, rpcError } from "./json-rpc.ts"
import { paymentError } from "./payment-error.ts"
import { readLog, readSeconds } from "./read-log.ts"
import { type CallMeta, type Fields, KEY_FIELD, toRequest } from "./to-request.ts"
import { type Tool, TOOLS } from "./tools.ts"
import { readMeta } from "./versions.ts"

/** The gateway as its clients see it. */
export type Gateway = (request: Request) => Promise<Response>

/** The field of a result's `_meta` that is the header `Idempotent-Replayed` in HTTP. */
const REPLAYED_FIELD = "idempotent-replayed"

/**
 * Calls a tool: sends the request that the call stands for to the gateway itself, and gives its answer back as a result. So a
 * call and the HTTP request with the same bytes, key and payer are one order, and what HTTP promises holds here.
 */
export const callTool = Effect.fn("Mcp.callTool")(function* (message: Message, outer: Request, gateway: Gateway) {
  const { name, arguments: args = {} } = message.params ?? {}
  const tool = TOOLS.find((tool) => tool.name === name)
  if (tool === undefined) {
    const known = TOOLS.map(({ name }) => name).join(", ")
    return yield* rpcError(INVALID_PARAMS, `There is no such tool. The tools are: ${known}.`, { status: 200 })
  }
  if (!Predicate.isReadonlyObject(args)) {
    return yield* rpcError(INVALID_PARAMS, "arguments must be an object.", { status: 200 })
  }
  return yield* answer(
    tool,
    args,
    { credential: readMeta(message, CREDENTIAL_FIELD), key: readMeta(message, KEY_FIELD) },
    outer,
    gateway
  ).pipe(
    Effect.catchTag("InvalidRequest", (error) =>
      Effect.flatMap(HttpServerRespondable.toResponse(error), (response) =>
        toResult(HttpServerResponse.toWeb(response), undefined)
      )
    )
  )
})

const answer = Effect.fnUntraced(function* (
  tool: Tool,
  args: Fields,
  meta: CallMeta,
  outer: Request,
  gateway: Gateway
) {
  const { seconds, ...others } = args
  const isLog = tool.name === "logs"
  const wait = isLog ? yield* readSeconds(seconds) : 0
  const request = yield* toRequest(tool, isLog ? others : args, meta, outer)
  const response = yield* Effect.promise(() => gateway(request))
  if (response.status === 402) return yield* paymentError(response)
  if (tool.etag !== undefined && response.ok) return yield* toResult(yield* withEtag(response), meta.credential)
  if (!isLog || !response.ok || response.body === null) return yield* toResult(response, meta.credential)
  const log = yield* readLog(response.body, wait)
  return yield* toResult(Response.json(log, { headers: response.headers }), meta.credential)
})

/** Returns an answer with its ETag as a field, because models see no headers. */
const withEtag = (response: Response) =>
  Effect.promise(async () => {
    const body = (await response.json()) as Fields
    return Response.json({ ...body, etag: response.headers.get("etag") })
  })

/**
 * Gives an answer of the gateway as a result. A problem is a result too, because models are shown results rather than errors. It
 * is text alone: clients check `structuredContent` against the schema of success, also in a result that is an error.
 */
const toResult = Effect.fnUntraced(function* (response: Response, credential: unknown) {
  const text = yield* Effect.promise(() => response.text())
  const content = [{ type: "text", text }]
  if (!response.ok) return { content, isError: true }
  const receipt = response.headers.get("payment-receipt")
  const meta = {
    ...(receipt !== null && { [RECEIPT_FIELD]: toReceipt(receipt, credential) }),
    ...(response.headers.has("idempotent-replayed") && { [REPLAYED_FIELD]: true })
  }
  return {
    content,
    structuredContent: JSON.parse(text) as unknown,
    ...(Object.keys(meta).length > 0 && { _meta: meta })
  }
})
