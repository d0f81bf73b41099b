import * as Schema from "effect/Schema"

/**
 * A renewal that is being paid. The deployment neither expires nor is deleted until the order of the renewal, or the chain, has
 * said how the payment ended.
 */
export const Hold = Schema.Struct({
  /** The id of the renewal's purchase, which is in an object of its own. */
  id: Schema.String,
  /** Identifies the payment at the chain. */
  reference: Schema.String,
  /** The payment cannot happen after this time on the chain's clock, in unix seconds. */
  validBefore: Schema.Number,
  /** The hours that the renewal adds. */
  hours: Schema.Number,
  /** When the deployment asks the chain itself about the payment, in unix milliseconds. */
  due: Schema.Number,
  /** How often it has asked. The pauses grow with it. */
  attempts: Schema.Number
})
/** A renewal that is being paid. */
export type Hold = typeof Hold.Type

/** A renewal that was paid and has made the deployment's time longer. */
export const Renewed = Schema.Struct({
  id: Schema.String,
  reference: Schema.String,
  hours: Schema.Number,
  /** Unix milliseconds. */
  at: Schema.Number,
  /** The address that paid, dollars as a decimal string, and the token's address. Some renewals lack them. */
  payer: Schema.optionalKey(Schema.String),
  price: Schema.optionalKey(Schema.String),
  currency: Schema.optionalKey(Schema.String)
})
/** A renewal that was paid and has made the deployment's time longer. */
export type Renewed = typeof Renewed.Type

/** The host's tags and the index do not have the newest expiry yet. */
export const Retag = Schema.Struct({
  attempts: Schema.Number,
  /** When the order sends it, in unix milliseconds. */
  due: Schema.Number
})

/** A deployment that a renewal's purchase is for, and the hours that it adds. */
export const Renews = Schema.Struct({ id: Schema.String, hours: Schema.Number })

/**
 * Whether a hold or a renewal is of the same payment. One payment may come under several ids, if its order has lost the earlier
 * ones, and adds its hours once.
 */
export const isSamePayment =
  ({ id, reference }: Pick<Hold, "id" | "reference">) =>
  (one: Pick<Hold, "id" | "reference">): boolean =>
    one.id === id || one.reference === reference
