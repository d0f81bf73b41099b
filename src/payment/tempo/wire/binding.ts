import type { Challenge } from "mppx"
import { PaymentRequest } from "mppx"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { PaymentRejected } from "../../errors.ts"
import type { Terms } from "../../PaymentService.ts"
import { invalidChallenge } from "../chain/rejections.ts"
import { digestOf } from "./digest.ts"

const shared = { op: Schema.String, key: Schema.String, nonce: Schema.String }

/**
 * A challenge is bound to these values, to its price and to its body. They travel as the challenge's `opaque`, under its HMAC,
 * and mppx requires them flat. `nonce` makes every challenge unique: without it, all challenges of one millisecond share one
 * id.
 *
 * The body of version 2 is the challenge's own `digest`. Version 1 has it here and has no `digest`; it stays readable, because
 * the credential of a purchase can be sent again for as long as the purchase is kept.
 */
const Binding = Schema.Union([
  Schema.Struct({ v: Schema.Literal("2"), ...shared }),
  Schema.Struct({ v: Schema.Literal("1"), ...shared, body: Schema.String })
])
/** A challenge is bound to these values, to its price and to its body. */
export type Binding = typeof Binding.Type

/** The binding as `opaque` carries it: base64url of JCS (RFC 8785). The values are strings and the names are in order. */
export const encodeBinding = ({ operation }: Terms, { key, nonce }: Pick<Binding, "key" | "nonce">): string =>
  Buffer.from(JSON.stringify({ key, nonce, op: operation, v: "2" })).toString("base64url")

/** Whether a challenge with this binding was issued for the body of these terms. */
export const isForBody = (binding: Binding, { digest }: Challenge.Challenge, terms: Terms): boolean =>
  binding.v === "2" ? digest === digestOf(terms) : binding.body === terms.bodyDigest

/** Reads the binding of a challenge whose HMAC is valid. It fails for challenges of versions that bound something else. */
export const decodeBinding = (challenge: Challenge.Challenge): Effect.Effect<Binding, PaymentRejected> =>
  Effect.try(() => PaymentRequest.deserialize(challenge.opaque ?? "")).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(Binding)),
    Effect.mapError(() => invalidChallenge("The challenge is not for this operation. Answer the fresh challenge."))
  )
