import * as OpenApi from "effect/http-api/OpenApi"
import { Api } from "../Api.ts"
import {
  exampleDeployment,
  exampleExecution,
  exampleReport,
  exampleRequest,
  exampleResult,
  exampleStatus,
  exampleWithPackage
} from "./example.ts"
import { bytes, type ServiceInfo, hours } from "./service-info.ts"
import { errorCatalog } from "./errors/error-catalog.ts"
import { describeFields } from "./describe-fields.ts"
import { describeMcp } from "./openapi/describe-mcp.ts"
import { guidance } from "./openapi/guidance.ts"
import { paymentInfo } from "./openapi/payment-info.ts"
import { BEFORE, SHARED } from "./openapi/shared.ts"
import { shareProblems } from "./openapi/share-problems.ts"
import { simplifySchemas } from "./openapi/simplify-schemas.ts"
import { shareResponses } from "./share-responses.ts"

type Json = Record<string, unknown>

/** The parts of a media type, a response and an operation that this file completes. */
interface Content extends Json {
  readonly schema?: Json
}
interface ApiResponse extends Json {
  readonly content?: Readonly<Record<string, Content>>
}
interface Operation extends Json {
  readonly responses: Readonly<Record<string, ApiResponse>>
  readonly parameters?: ReadonlyArray<Json>
  readonly requestBody?: Json & { readonly content: Readonly<Record<string, Content>> }
}

/** Headers of requests that take money. */
const REQUEST_HEADERS = ["IdempotencyKey", "AcceptPayment"].map((name) => ({ $ref: `#/components/parameters/${name}` }))

const RETRY_AFTER = { "Retry-After": { $ref: "#/components/headers/RetryAfter" } }
const REPLAYED = { "Idempotent-Replayed": { $ref: "#/components/headers/IdempotentReplayed" } }

/** Headers of responses, by status. */
const RESPONSE_HEADERS: Readonly<Record<string, Json>> = {
  200: { "Payment-Receipt": { $ref: "#/components/headers/PaymentReceipt" }, ...REPLAYED },
  402: { "WWW-Authenticate": { $ref: "#/components/headers/Challenge" } },
  409: RETRY_AFTER,
  410: REPLAYED,
  422: REPLAYED,
  429: RETRY_AFTER,
  502: RETRY_AFTER,
  503: RETRY_AFTER
}

/** Shares the id of a deployment, and moves the description of other parameters from the schema to where tools look for it. */
const describeParameters = (operation: Operation): Operation => ({
  ...operation,
  ...(operation.parameters !== undefined && {
    parameters: operation.parameters.map(({ schema, ...parameter }) => {
      if (parameter["name"] === "deployment_id") return { $ref: "#/components/parameters/DeploymentId" }
      const { description, ...rest } = schema as Json
      return { ...parameter, description, schema: rest }
    })
  })
})

/** Returns the examples of a response whose schema is one error or several. */
const errorExamples = ({ schema }: Content): Json => {
  const named = JSON.stringify(schema ?? {})
  const found = errorCatalog().filter(({ tag }) => named.includes(`/schemas/${tag}Encoded"`))
  return Object.fromEntries(found.map(({ tag }) => [tag, { $ref: `#/components/examples/${tag}` }]))
}

const withExamples = (
  operation: Operation,
  examples: Readonly<Record<string, unknown>>,
  headers: boolean
): Operation => ({
  ...operation,
  responses: Object.fromEntries(
    Object.entries(operation.responses).map(([status, answer]) => [
      status,
      {
        ...answer,
        ...(headers && RESPONSE_HEADERS[status] !== undefined && { headers: RESPONSE_HEADERS[status] }),
        ...(answer.content !== undefined && {
          content: Object.fromEntries(
            Object.entries(answer.content).map(([type, content]) => [
              type,
              type === "application/problem+json"
                ? { ...content, examples: errorExamples(content) }
                : { ...content, ...(status in examples && { example: examples[status] }) }
            ])
          )
        })
      }
    ])
  )
})

/** Adds an example that works unchanged to an operation that takes source. */
const withRequest = (operation: Operation, example: object, answer: object = exampleDeployment): Operation => ({
  ...withExamples(operation, { 200: answer }, true),
  parameters: [...(operation.parameters ?? []), ...REQUEST_HEADERS],
  requestBody: {
    description: "Without a body the answer is a quote.",
    required: true,
    content: { "application/json": { ...operation.requestBody?.content["application/json"], example } }
  }
})

/** Prices, summaries and examples of each operation, by method and path. */
const additions: Readonly<Record<string, (operation: Operation, service: ServiceInfo) => Operation>> = {
  "post /deploy": (operation, { offers, packages, price, resources, assetLimit }) => ({
    ...withRequest(operation, packages === "on" ? exampleWithPackage : exampleRequest),
    description:
      `${String(operation["description"])} Resources: ${resources.join(", ") || "none"}` +
      `${resources.includes("assets") ? `; static files: at most ${bytes(assetLimit)}` : ""}.`,
    summary: `Deploy source files to a live URL ($${price})`,
    ...paymentInfo(price, offers)
  }),
  "post /execute": (operation, { execute }) => ({
    ...withRequest(operation, exampleExecution, exampleResult),
    summary: `Run code once and get its result ($${execute?.price ?? "?"})`,
    ...(execute !== undefined && paymentInfo(execute.price, execute.offers))
  }),
  "get /deployments": (operation) => ({
    ...withExamples(operation, { 200: { deployments: [], next: null } }, true),
    parameters: [BEFORE],
    summary: "Your deployments, free, for their payer: the 402 asks for a proof of amount 0"
  }),
  "put /deployments/{deployment_id}": (operation) => ({
    ...withRequest(operation, { files: exampleRequest.files }),
    summary: "Newer code at the same URL, free, for its payer: the 402 asks for a proof of amount 0"
  }),
  "delete /deployments/{deployment_id}": (operation) => ({
    ...withExamples(operation, { 200: { deployment_id: exampleDeployment.deployment_id, status: "deleted" } }, true),
    summary: "Delete a deployment, free, for its payer: the 402 asks for a proof of amount 0"
  }),
  "get /deployments/{deployment_id}/files": (operation) => ({
    ...withExamples(operation, { 200: { files: exampleRequest.files } }, true),
    summary: "The source of a deployment, free, for its payer: the 402 asks for a proof of amount 0"
  }),
  "get /deployments/{deployment_id}/logs": (operation) => ({
    ...withExamples(operation, {}, true),
    summary: "The log of a deployment as it happens, free, for its payer: the 402 asks for a proof of amount 0"
  }),
  "post /deployments/{deployment_id}/renew": (operation, { offers, price }) => ({
    ...withExamples(operation, { 200: exampleDeployment }, true),
    parameters: [...(operation.parameters ?? []), ...REQUEST_HEADERS],
    requestBody: { description: "None: a body is refused.", required: false, content: {} },
    summary: `More time for a deployment, from anybody ($${price})`,
    ...paymentInfo(price, offers)
  }),
  "post /reports": (operation) => ({
    ...withExamples(operation, { 202: { deployment_id: exampleDeployment.deployment_id, status: "received" } }, false),
    requestBody: {
      description: "The deployment by url or deployment_id, and the reason.",
      required: true,
      content: { "application/json": { ...operation.requestBody?.content["application/json"], example: exampleReport } }
    },
    summary: "Report a deployment to the operator"
  }),
  "get /deployments/{deployment_id}": (operation, { packages }) =>
    withExamples(operation, { 200: packages === "on" ? exampleStatus : { ...exampleStatus, lock: {} } }, false)
}

// The first call makes it, because it takes milliseconds and is the same for every request.
let api: OpenApi.OpenAPISpec | undefined
/** The API definition as OpenAPI, without what depends on the service. */
export const describedApi = (): OpenApi.OpenAPISpec => (api ??= describeApi())

const describeApi = (): OpenApi.OpenAPISpec => {
  const spec = OpenApi.fromApi(Api)
  const schemas = shareProblems(spec.components.schemas as unknown as Readonly<Record<string, Json>>)
  const components = { ...spec.components, schemas } as OpenApi.OpenAPISpec["components"]
  return describeFields(simplifySchemas({ ...spec, components }))
}

/**
 * The OpenAPI document of `GET /openapi.json` ("Service Discovery for HTTP Payment Authentication"): the API definition with
 * prices, links to the documentation and an example of each answer. It has no offers while settings are missing.
 */
export const openApi = (service: ServiceInfo): Json => {
  const { origin } = service
  const { paths, ...spec } = describedApi()
  const served = Object.entries(paths).filter(([path]) => path !== "/execute" || service.execute !== undefined)
  const described = served.map(([path, item]) => [
    path,
    Object.fromEntries(
      Object.entries(item).map(([method, operation]) => {
        const given = describeParameters(operation as unknown as Operation)
        const add = additions[`${method} ${path}`]
        return [method, add === undefined ? withExamples(given, {}, false) : add(given, service)]
      })
    )
  ])
  return shareResponses({
    ...spec,
    info: {
      ...spec.info,
      description:
        `POST source files and a payment to /deploy; get a URL that runs them for ${hours(service)}. No account, no API key. ` +
        `You pay only for deployments that go live. The guide for agents: ${origin}/llms.txt`,
      ...(service.contact !== undefined && { contact: { email: service.contact } }),
      "x-guidance": guidance(service)
    },
    servers: [{ url: origin }],
    "x-service-info": {
      categories: ["compute", "developer-tools"],
      docs: { homepage: `${origin}/`, llms: `${origin}/llms.txt`, apiReference: `${origin}/openapi.json` }
    },
    paths: { ...Object.fromEntries(described), "/mcp": describeMcp },
    components: {
      ...spec.components,
      ...SHARED,
      examples: Object.fromEntries(
        errorCatalog()
          .filter(({ tag }) => tag !== "ExecuteFailed" || service.execute !== undefined)
          .map(({ tag, when, example }) => [tag, { summary: when, value: example }])
      )
    }
  })
}
