type Json = Readonly<Record<string, unknown>>

/** A JSON Schema of an object. */
interface ObjectSchema extends Json {
  readonly properties: Readonly<Record<string, Json>>
  readonly required: ReadonlyArray<string>
}

/** The members that every error has (RFC 9457, section 3, and two of ours), as `components.schemas.Problem`. */
const PROBLEM = {
  type: "object",
  description: "An error, as application/problem+json.",
  properties: {
    type: { type: "string", description: "urn:mpp-compute:problem: and the code, or a problem type of the protocol." },
    status: { type: "integer", description: "HTTP status." },
    title: { type: "string", description: "For people." },
    detail: { type: "string", description: "What is wrong and what to do." },
    code: { type: "string", description: "For programs." },
    charged: { type: ["boolean", "null"], description: "Whether the order's money moved; null: not known yet." }
  },
  required: ["type", "status", "title", "detail", "code", "charged"]
} as const satisfies ObjectSchema

/** Members that no error changes. `instance` is never sent. */
const COMMON: ReadonlyArray<string> = ["type", "status", "title", "detail", "instance"]

const isProblem = (schema: Json): schema is ObjectSchema => {
  const { properties } = schema
  return typeof properties === "object" && properties !== null && "code" in properties && "charged" in properties
}

/** Keeps what an error adds to `Problem`: its code, `charged` if that is narrower, and members of its own. */
const shorten = ({ properties, required }: ObjectSchema): Json => {
  const own = Object.entries(properties).filter(
    ([name, { enum: values }]) => !COMMON.includes(name) && (name !== "charged" || values !== undefined)
  )
  const added = required.filter((name) => !PROBLEM.required.includes(name as "code"))
  return {
    allOf: [{ $ref: "#/components/schemas/Problem" }],
    properties: Object.fromEntries(own),
    ...(added.length > 0 && { required: added })
  }
}

/**
 * Says once in `components.schemas` what all errors have in common, because the members of problems would make a third of the
 * document otherwise.
 */
export const shareProblems = <S extends Json>(
  schemas: Readonly<Record<string, S>>
): Readonly<Record<string, Json>> => ({
  Problem: PROBLEM,
  ...Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) =>
      name.endsWith("Encoded") && isProblem(schema) ? [name, shorten(schema)] : [name, schema]
    )
  )
})
