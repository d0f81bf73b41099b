import type { Challenge } from "mppx"
import { PaymentRequest } from "mppx"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { PaymentRejected } from "../../errors.ts"
import type { Terms } from "../../PaymentService.ts"
import { invalidChallenge } from "../chain/rejections.ts"

/**
 * A challenge is bound to these values, and to its price. They travel as the challenge's `opaque`, under its HMAC, and mppx
 * requires them flat. `nonce` makes every challenge unique: without it, all challenges of one millisecond share one id.
 */
const Binding = Schema.Struct({
  v: Schema.Literal("1"),
  op: Schema.String,
  body: Schema.String,
  key: Schema.String,
  nonce: Schema.String
})
/** A challenge is bound to these values, and to its price. */
export type Binding = typeof Binding.Type

/** The binding as `opaque` carries it: base64url of JCS (RFC 8785). The values are strings and the names are in order. */
export const encodeBinding = (
  { operation, bodyDigest }: Terms,
  { key, nonce }: Pick<Binding, "key" | "nonce">
): string => Buffer.from(JSON.stringify({ body: bodyDigest, key, nonce, op: operation, v: "1" })).toString("base64url")

/** Reads the binding of a challenge whose HMAC is valid. It fails for challenges of versions that bound something else. */
export const decodeBinding = (challenge: Challenge.Challenge): Effect.Effect<Binding, PaymentRejected> =>
  Effect.try(() => PaymentRequest.deserialize(challenge.opaque ?? "")).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(Binding)),
    Effect.mapError(() => invalidChallenge("The challenge is not for this operation. Answer the fresh challenge."))
  )
