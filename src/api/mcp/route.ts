import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { describeService } from "../discovery/describe-service.ts"
import type { ServiceInfo } from "../discovery/service-info.ts"
import { callTool, type Gateway } from "./call-tool.ts"
import {
  answerError,
  answerResult,
  decodeMessage,
  idOf,
  type Message,
  METHOD_NOT_FOUND,
  readJson,
  rpcError
} from "./json-rpc.ts"
import { listTools } from "./list-tools.ts"
import { agreeOn, checkVersion, SERVER_FIELD, VERSIONS } from "./versions.ts"

/** The path of the MCP endpoint. */
export const MCP_PATH = "/mcp"

/** The headers that clients of MCP send, some of them to every server. */
export const MCP_HEADERS = ["mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id", "last-event-id"]

/** The server as MCP's clients see it. */
const SERVER = { name: "mpp-compute", title: "mpp-compute: code that runs now", version: "0.1.0" }

/** The capabilities of the server. `payment` is the payment protocol's, whose error is -32042. */
const capabilities = ({ offers }: ServiceInfo) => ({
  tools: {},
  experimental: {
    payment: {
      methods: Object.fromEntries(
        offers.map(({ method }) => [
          method,
          { intents: [...new Set(offers.filter((offer) => offer.method === method).map(({ intent }) => intent))] }
        ])
      )
    }
  }
})

/** The sentences that clients show a model about the server. */
const instructions = ({ origin, price, tempo }: ServiceInfo) =>
  `Deploys code for $${price}, without an account. A tool that costs money, or that only a payer may call, answers the error -32042 ` +
  `with data.challenges. Clients that pay${tempo ? " (McpClient.wrap of mppx/mcp/client)" : ""} answer it by themselves with ` +
  '_meta["org.paymentauth/credential"]. With _meta["idempotency-key"] a call can be repeated and is paid once. A result with isError has a ' +
  'problem as JSON text: its "charged" says whether money moved, and Idempotency-Key in it means _meta["idempotency-key"]. ' +
  `The guide: ${origin}/llms.txt`

/** How long clients may keep a list, in the newest version of MCP. Prices and addresses depend on settings, so others may not. */
const CACHED = { ttlMs: 300_000, cacheScope: "private" }

/** Adds the fields that every result has in the newest version of MCP. */
const complete = (result: object) => ({
  resultType: "complete",
  ...result,
  _meta: { ...("_meta" in result && (result._meta as object)), [SERVER_FIELD]: SERVER }
})

/**
 * `POST /mcp`: the API as tools of MCP, over streamable HTTP. There are no sessions and no streams: each message is answered by
 * itself, with JSON.
 *
 * Every origin is valid, because the server knows no cookies, and what a page can do here anybody can do. Where rebinding DNS
 * would lead to more, on the laptop, the gateway checks `Host` before.
 */
export const makeMcp = (gateway: Gateway) =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const describe = yield* describeService

      const dispatch = Effect.fnUntraced(function* (message: Message, isModern: boolean, request: Request) {
        const { method, params } = message
        if (method === "tools/call") return yield* callTool(message, request, gateway)
        const service = yield* describe(request.url)
        if (method === "tools/list") return { tools: listTools(service), ...(isModern && CACHED) }
        if (isModern && method === "server/discover") {
          return {
            supportedVersions: VERSIONS,
            capabilities: capabilities(service),
            instructions: instructions(service),
            ...CACHED
          }
        }
        if (!isModern && method === "ping") return {}
        if (!isModern && method === "initialize") {
          return {
            protocolVersion: agreeOn(params?.["protocolVersion"]),
            capabilities: capabilities(service),
            serverInfo: SERVER,
            instructions: instructions(service)
          }
        }
        return yield* rpcError(
          METHOD_NOT_FOUND,
          "There is no such method. This server has tools: tools/list, tools/call.",
          {
            status: isModern ? 404 : 200
          }
        )
      })

      const answer = Effect.fn("Gateway.mcp")(function* ({ source }: HttpServerRequest.HttpServerRequest) {
        const request = source as Request // `toWebHandler` was given this object.
        const json = yield* Effect.result(readJson(request))
        if (json._tag === "Failure") return answerError(null, json.failure)
        const id = idOf(json.success)
        return yield* Effect.gen(function* () {
          const message = yield* decodeMessage(json.success)
          const isModern = message !== undefined && (yield* checkVersion(message, request.headers))
          // Notifications change nothing, `notifications/cancelled` too: an order that has begun goes on, and its key finds it.
          if (message?.id === undefined) return HttpServerResponse.empty({ status: 202 })
          const result = yield* dispatch(message, isModern, request)
          return answerResult(message.id, isModern ? complete(result) : result)
        }).pipe(Effect.catchTag("RpcError", (error) => Effect.succeed(answerError(id, error))))
      })

      yield* router.add("POST", MCP_PATH, answer)
    })
  )
