import * as Schema from "effect/Schema"

/** Newer code that the order took and that is not live yet. The store keeps its upload as the purchase's payload. */
export const Update = Schema.Struct({
  /** SHA-256 (hex) of the update's request body. */
  body: Schema.String,
  /** The key with which the client can repeat the update. */
  key: Schema.String,
  /** How often the order has sent it to the host. The pauses grow with it. */
  attempts: Schema.Number,
  /**
   * The host has taken the update, and gets it again from this time on, in unix milliseconds, because older code may have
   * landed after it.
   */
  again: Schema.optionalKey(Schema.Number)
})
/** Newer code that the order took and that is not live yet. */
export type Update = typeof Update.Type

/** An upload with an unknown outcome. */
export const InDoubt = Schema.Struct({
  /** SHA-256 (hex) of the uploaded code. */
  digest: Schema.String,
  /** The upload may land until this time, in unix milliseconds. */
  until: Schema.Number
})
/** An upload with an unknown outcome. */
export type InDoubt = typeof InDoubt.Type
