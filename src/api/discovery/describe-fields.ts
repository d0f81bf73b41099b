/**
 * Descriptions by field name, for fields whose schemas cannot carry one. The members of a problem belong to the library's
 * class, which takes no annotations. The descriptions are short because every error repeats them in the document.
 */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  type: "Problem type.",
  status: "HTTP status.",
  title: "For people.",
  detail: "Problem and remedy.",
  instance: "Not sent.",
  code: "For programs.",
  charged: "Whether money moved.",
  deployment_id: "The deployment, if any.",
  status_url: "Poll this URL, if any.",
  fault: "service: delivery continues. code: the host refuses this code.",
  host: "unavailable: an outage. unusable: the operator has to fix it.",
  retry: "How to repeat the call, free.",
  idempotency_key: "Send this as Idempotency-Key.",
  retry_after: "Seconds to wait.",
  expired_at: "When it ended: UTC.",
  ends_at: "When the first of them ends: UTC.",
  expires_at: "When it ends: UTC.",
  max_days: "A renewal reaches this far.",
  etag: "The ETag of the present source, if it is kept.",
  limit_bytes: "The limit, in bytes.",
  missing: "Names of missing settings and bindings.",
  diagnostics: "Faults of the source.",
  file: "Path of the file.",
  line: "From 1; 0: no position.",
  column: "From 1; 0: no position.",
  text: "What is wrong.",
  source: "The line of source.",
  hint: "How to fix it.",
  files: "The project.",
  changes: "Files to replace, to add, or to remove.",
  env: "Its secrets. No answer has them.",
  input: "Any JSON value: what run is called with.",
  result: "What run returned: any JSON value, up to 1 MiB."
}

/** The part of a JSON Schema that this file reads. */
interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly [keyword: string]: unknown
}

const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null

/** Returns a copy of a JSON Schema, or of a document with schemas. Properties without a description get one by their name. */
export const describeFields = <A>(value: A): A => {
  if (Array.isArray(value)) return value.map(describeFields) as A
  if (!isSchema(value)) return value
  const described = Object.entries(value).map(([keyword, inner]) => [
    keyword,
    keyword === "properties" && isSchema(inner)
      ? Object.fromEntries(Object.entries(inner).map(([name, field]) => [name, describeField(name, field)]))
      : describeFields(inner)
  ])
  return Object.fromEntries(described) as A
}

const describeField = (name: string, field: unknown): unknown => {
  const description = DESCRIPTIONS[name]
  const inner = describeFields(field)
  return description === undefined || !isSchema(inner) || "description" in inner ? inner : { ...inner, description }
}
