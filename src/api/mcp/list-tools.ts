import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { describedApi } from "../discovery/openapi.ts"
import type { ServiceInfo } from "../discovery/service-info.ts"
import { LogEvents, LogSeconds } from "./read-log.ts"
import { type Tool, TOOLS } from "./tools.ts"

type Json = Readonly<Record<string, unknown>>

/** The parts of an OpenAPI operation that become a tool. */
interface Operation {
  readonly description: string
  readonly parameters?: ReadonlyArray<{ readonly in: string; readonly name: string; readonly schema: Json }>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Json }>> }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Json }>> }>
  >
}

const JSON_TYPE = "application/json"
const SCHEMAS = "#/components/schemas/"

/** The names of the shared schemas that a schema refers to. */
const referencesOf = (schema: unknown): ReadonlyArray<string> =>
  // bounded: the API's own schemas
  [...JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([\w-]+)"/g)].map(([, name = ""]) => name)

/** Makes a schema of the API complete in itself: what it refers to comes along as `$defs`. The root is an object, as MCP asks. */
const complete = (schema: Json, schemas: Json): Json => {
  const reference = schema["$ref"]
  const root = Predicate.isString(reference) ? (schemas[reference.slice(SCHEMAS.length)] as Json) : schema
  const names = new Set(referencesOf(root))
  // A set visits what is added while it is visited.
  for (const name of names) for (const inner of referencesOf(schemas[name])) names.add(inner)
  const $defs = Object.fromEntries([...names].map((name) => [name, schemas[name]]))
  const whole = names.size === 0 ? root : { ...root, $defs }
  return JSON.parse(JSON.stringify(whole).replaceAll(`"${SCHEMAS}`, '"#/$defs/')) as Json
}

const jsonSchemaOf = (schema: Schema.Top): Json => Schema.toJsonSchemaDocument(schema).schema as Json

/** The arguments of a tool: the parameters of the operation's path, and the fields of its body. */
const inputOf = ({ name, query, header }: Tool, { parameters = [], requestBody }: Operation): Json => {
  const body = requestBody?.content[JSON_TYPE]?.schema ?? {}
  const inPath = parameters.filter((parameter) => parameter.in === "path")
  return {
    type: "object",
    properties: {
      ...Object.fromEntries(inPath.map((parameter) => [parameter.name, parameter.schema])),
      ...(body["properties"] as Json | undefined),
      ...(query !== undefined && { [query.name]: { type: "string", description: query.description } }),
      ...(header !== undefined && { [header.argument]: { type: "string", description: header.description } }),
      ...(name === "logs" && { seconds: jsonSchemaOf(LogSeconds) })
    },
    required: [...inPath.map((parameter) => parameter.name), ...((body["required"] ?? []) as ReadonlyArray<string>)],
    additionalProperties: false
  }
}

/** The answer of a tool: that of the operation, with its ETag as a field. */
const outputOf = ({ etag }: Tool, { responses }: Operation, schemas: Json): Json => {
  const schema = complete(responses["200"]?.content?.[JSON_TYPE]?.schema ?? {}, schemas)
  if (etag === undefined) return schema
  const properties = { ...(schema["properties"] as Json), etag: { type: "string", description: etag } }
  return { ...schema, properties, required: [...(schema["required"] as ReadonlyArray<string>), "etag"] }
}

const describeTool = (tool: Tool, service: ServiceInfo) => {
  const { paths, components } = describedApi()
  const operation = paths[tool.path]?.[tool.method.toLowerCase() as "get"] as unknown as Operation
  const schemas = components.schemas as unknown as Json
  return {
    name: tool.name,
    title: tool.title,
    description: `${operation.description} ${tool.advice(service)}`.trim(),
    inputSchema: complete(inputOf(tool, operation), schemas),
    outputSchema: tool.name === "logs" ? jsonSchemaOf(LogEvents) : outputOf(tool, operation, schemas),
    annotations: { title: tool.title, ...tool.annotations }
  }
}

/** Lists the tools, with the schemas of the HTTP API. `execute` is listed where the service can run code. */
export const listTools = (service: ServiceInfo) =>
  TOOLS.filter(({ name }) => name !== "execute" || service.execute !== undefined).map((tool) =>
    describeTool(tool, service)
  )
