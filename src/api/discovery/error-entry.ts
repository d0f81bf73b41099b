import * as Schema from "effect/Schema"

/** One answer other than success: how it looks, when it comes and what its reader should do. */
export interface ErrorEntry {
  /** The name of the error's class, under which the API definition has its schema. */
  readonly tag: string
  readonly code: string
  readonly status: number
  /** `null` while the chain has not said; `"order"` where it depends on how far the order got. */
  readonly charged: boolean | null | "order"
  readonly when: string
  readonly advice: string
  /** The body of such an answer. */
  readonly example: Readonly<Record<string, unknown>>
}

interface AnyError {
  readonly code: string
  readonly status: number
  readonly charged: boolean | null
}

/** An entry of the table: `when` it comes and what to do, for people; `charged` where it depends on the order. */
export const entry = <A extends AnyError, I>(
  tag: string,
  schema: Schema.Codec<A, I>,
  error: NoInfer<A>,
  when: string,
  advice: string,
  charged: ErrorEntry["charged"] = error.charged
): ErrorEntry => ({
  tag,
  code: error.code,
  status: error.status,
  charged,
  when,
  advice,
  // As it goes over the wire: what a schema encodes to is plain data.
  example: JSON.parse(JSON.stringify(Schema.encodeSync(schema)(error))) as ErrorEntry["example"]
})
