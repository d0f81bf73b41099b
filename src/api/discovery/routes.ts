import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Settings } from "../../config.ts"
import { withOperator } from "../operator/openapi.ts"
import { prefersHtml } from "../request/content-negotiation.ts"
import { type ServiceInfo, hours } from "./service-info.ts"
import { describeService } from "./describe-service.ts"
import { icon } from "./icon.ts"
import { llmsTxt } from "./llms.ts"
import { openApi } from "./openapi.ts"
import { page, pageHeaders } from "./page.ts"
import { serverJson } from "./server-json.ts"

/** A response that depends on the client's `Host` header is private because a shared cache would give it to others. */
const scopePrefix = ({ originIsSet }: ServiceInfo) => (originIsSet ? "" : "private, ")

/** Five minutes, as the discovery specification recommends. A response that says "not configured" is not cached. */
const cacheControl = (service: ServiceInfo) => ({
  "cache-control": service.missing.length === 0 ? `${scopePrefix(service)}max-age=300` : "no-store"
})

const urlOf = (request: HttpServerRequest.HttpServerRequest) => (request.source as Request).url

/** The paths of the documents, which the API definition does not have. */
export const discoveryPaths = ["/openapi.json", "/llms.txt", "/server.json", "/favicon.svg"] as const

/** Serves the documents. */
export const DiscoveryRoutes = HttpRouter.use((router) =>
  Effect.gen(function* () {
    const describe = yield* describeService
    const { OPERATOR_TOKEN } = yield* Settings
    yield* router.add("GET", "/openapi.json", (request) =>
      Effect.gen(function* () {
        const service = yield* describe(urlOf(request))
        const document = openApi(service)
        const headers = cacheControl(service)
        if (OPERATOR_TOKEN === undefined) return HttpServerResponse.jsonUnsafe(document, { headers })
        return HttpServerResponse.jsonUnsafe(withOperator(document), { headers })
      })
    )
    yield* router.add("GET", "/server.json", (request) =>
      Effect.map(describe(urlOf(request)), (service) =>
        HttpServerResponse.jsonUnsafe(serverJson(service), { headers: cacheControl(service) })
      )
    )
    yield* router.add("GET", "/llms.txt", (request) =>
      Effect.map(describe(urlOf(request)), (service) =>
        HttpServerResponse.text(llmsTxt(service), {
          contentType: "text/plain; charset=utf-8",
          headers: cacheControl(service)
        })
      )
    )
    yield* router.add(
      "GET",
      "/favicon.svg",
      // An effect, because a response that is made once would give its body to the first request alone.
      Effect.sync(() =>
        HttpServerResponse.text(icon, { contentType: "image/svg+xml", headers: { "cache-control": "max-age=86400" } })
      )
    )
  })
)

/** `GET /`: a page for people, and the same in a few JSON fields for programs. */
export const makeAbout = Effect.gen(function* () {
  const describe = yield* describeService
  return Effect.fn("Gateway.about")(function* (request: HttpServerRequest.HttpServerRequest) {
    const service = yield* describe(urlOf(request))
    const headers = { vary: "accept", "cache-control": `${scopePrefix(service)}no-cache` }
    if (prefersHtml((request.source as Request).headers.get("accept"))) {
      return HttpServerResponse.text(page(service), {
        contentType: "text/html; charset=utf-8",
        headers: { ...headers, ...pageHeaders }
      })
    }
    const { missing, price, currency, network, offers, execute } = service
    return HttpServerResponse.jsonUnsafe(
      {
        name: "mpp-compute",
        description: `POST source files and a payment to /deploy; get a URL that runs them for ${hours(service)}. No account.`,
        configured: missing.length === 0,
        price: { deploy: price, ...(execute !== undefined && { execute: execute.price }), currency, network },
        offers,
        links: {
          deploy: "/deploy",
          ...(execute !== undefined && { execute: "/execute" }),
          deployment: "/deployments/{deployment_id}",
          mcp: "/mcp",
          report: "/reports",
          llms: "/llms.txt",
          openapi: "/openapi.json",
          health: "/health"
        }
      },
      { headers }
    )
  })
})
