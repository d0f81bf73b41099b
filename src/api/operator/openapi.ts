import { ACTIONS } from "./actions.ts"
import { partOf } from "./patterns.ts"
import { ROUTES } from "./routes.ts"

type Json = Readonly<Record<string, unknown>>

/** The tag of the operator's endpoints. */
const TAG = "operator"

const SCHEMA = { type: "object" }

/** The parts that all operations share, because the document has a limit. */
const SHARED = {
  responses: {
    Operator: { description: "The result, as the page shows it.", content: { "application/json": { schema: SCHEMA } } },
    NotOperator: {
      description: "Refused: wrong password, body or path; or not available at the moment.",
      content: { "application/problem+json": { schema: SCHEMA } }
    }
  },
  requestBodies: {
    OperatorReason: {
      description: "The reason, which everybody can read.",
      required: true,
      content: {
        "application/json": {
          schema: {
            type: "object",
            required: ["reason"],
            properties: { reason: { type: "string", maxLength: 300, description: "In a sentence." } }
          }
        }
      }
    }
  }
}

const parameter = (name: string, place: "path" | "query", description: string): Json => ({
  name,
  in: place,
  required: place === "path" || name === "q",
  description,
  schema: { type: "string" }
})

const operation = (path: string, name: string, query: Readonly<Record<string, string>> = {}): Json => {
  const part = partOf(path)
  const parameters = [
    ...(part === undefined ? [] : [parameter(part, "path", "As in the lists.")]),
    ...Object.entries(query).map(([name, description]) => parameter(name, "query", description))
  ]
  return {
    tags: [TAG],
    description: `${name}.`,
    security: [{ operator: [] }],
    ...(parameters.length > 0 && { parameters }),
    responses: {
      200: { $ref: "#/components/responses/Operator" },
      default: { $ref: "#/components/responses/NotOperator" }
    }
  }
}

const REASON = { $ref: "#/components/requestBodies/OperatorReason" }

/** The operator's endpoints in the terms of OpenAPI 3.1. The document has them only where there is an operator. */
export const withOperator = (document: Readonly<Record<string, unknown>>): Json => {
  const {
    paths,
    components,
    tags = []
  } = document as {
    readonly paths: Json
    readonly components: { readonly securitySchemes?: Json; readonly responses?: Json; readonly requestBodies?: Json }
    readonly tags?: ReadonlyArray<unknown>
  }
  const reads = ROUTES.map(({ path, name, query }) => [path, { get: operation(path, name, query) }])
  const actions = ACTIONS.map(({ path, name, needsReason }) => [
    path,
    { post: { ...operation(path, name), ...(needsReason && { requestBody: REASON }) } }
  ])
  const scheme = { type: "http", scheme: "basic", description: "The name operator, and OPERATOR_TOKEN." }
  return {
    ...document,
    tags: [...tags, { name: TAG, description: "For the operator of the service." }],
    paths: { ...paths, ...Object.fromEntries([...reads, ...actions]) },
    components: {
      ...components,
      securitySchemes: { ...components.securitySchemes, operator: scheme },
      responses: { ...components.responses, ...SHARED.responses },
      requestBodies: { ...components.requestBodies, ...SHARED.requestBodies }
    }
  }
}
