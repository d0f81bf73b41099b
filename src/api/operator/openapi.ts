import { ACTIONS } from "./actions.ts"
import { partOf } from "./patterns.ts"
import { ROUTES } from "./routes.ts"

type Json = Readonly<Record<string, unknown>>

/** The tag of the operator's endpoints. */
const TAG = "operator"

const problem = (description: string): Json => ({
  description,
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } }
})

const responses = (description: string): Json => ({
  200: { description, content: { "application/json": { schema: { type: "object" } } } },
  "4XX": problem("Refused: wrong password, body or path."),
  "5XX": problem("Not available at the moment.")
})

const parameters = (path: string, query: Readonly<Record<string, string>> = {}): ReadonlyArray<Json> => {
  const part = partOf(path)
  const inPath =
    part === undefined
      ? []
      : [{ name: part, in: "path", required: true, description: "As in lists.", schema: { type: "string" } }]
  const inQuery = Object.entries(query).map(([name, description]) => ({
    name,
    in: "query",
    required: name === "q",
    description,
    schema: { type: "string" }
  }))
  return [...inPath, ...inQuery]
}

const operation = (path: string, name: string, query?: Readonly<Record<string, string>>): Json => {
  const given = parameters(path, query)
  return {
    tags: [TAG],
    summary: name,
    description: `${name}.`,
    security: [{ operator: [] }],
    ...(given.length > 0 && { parameters: given }),
    responses: responses(`${name}.`)
  }
}

const BODY = {
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

/** The operator's endpoints in the terms of OpenAPI 3.1. The document has them only where there is an operator. */
export const withOperator = (document: Readonly<Record<string, unknown>>): Json => {
  const {
    paths,
    components,
    tags = []
  } = document as {
    readonly paths: Json
    readonly components: { readonly securitySchemes?: Json }
    readonly tags?: ReadonlyArray<unknown>
  }
  const reads = ROUTES.map(({ path, name, query }) => [path, { get: operation(path, name, query) }])
  const actions = ACTIONS.map(({ path, name, needsReason }) => [
    path,
    { post: { ...operation(path, name), ...(needsReason && { requestBody: BODY }) } }
  ])
  const scheme = { type: "http", scheme: "basic", description: "The name operator, and OPERATOR_TOKEN." }
  return {
    ...document,
    tags: [...tags, { name: TAG, description: "For the operator of the service." }],
    paths: { ...paths, ...Object.fromEntries([...reads, ...actions]) },
    components: { ...components, securitySchemes: { ...components.securitySchemes, operator: scheme } }
  }
}
