import * as Schema from "effect/Schema"

/** One error response: its form, when it occurs and what the client should do. */
export interface ErrorEntry {
  /** The name of the error's class, under which the API definition has its schema. */
  readonly tag: string
  readonly code: string
  readonly status: number
  /** `null` while the chain has not confirmed the payment; `"order"` if it depends on the order's progress. */
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

/** Makes an entry of the catalog. `when` and `advice` are for people. `charged` is given if it depends on the order. */
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
  // The schema encodes the error to plain data, as it goes over the wire.
  example: JSON.parse(JSON.stringify(Schema.encodeSync(schema)(error))) as ErrorEntry["example"]
})
