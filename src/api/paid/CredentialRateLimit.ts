import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Busy } from "../../domain/Errors.ts"

/** Cloudflare writes its client's address into this header. Other hosts strip the header, or do not have it. */
export const CLIENT_HEADER = "cf-connecting-ip"

/** Lets a request with a credential pass to verification, or fails because its client has sent too many. */
export type CheckRate = (headers: Headers) => Effect.Effect<void, Busy>

/**
 * Limits the credentials that the gateway verifies for one client. Each costs the gateway a signature check and a simulation at
 * the chain, and a bad one costs its sender nothing. Without a binding, or without the header, there is no limit: if all
 * clients counted as one, one client could shut out the others.
 */
export const CredentialRateLimit = Context.Reference<CheckRate>("mpp-compute/api/CredentialRateLimit", {
  defaultValue: () => () => Effect.void
})

/** Takes the limit from a rate-limit binding, if there is one. */
export const layerCredentialRateLimit = (binding: RateLimit | undefined) =>
  binding === undefined ? Layer.empty : Layer.succeed(CredentialRateLimit, checkWith(binding))

const checkWith =
  (binding: RateLimit): CheckRate =>
  (headers) => {
    const client = headers.get(CLIENT_HEADER)
    if (client === null) return Effect.void
    return Effect.tryPromise(() => binding.limit({ key: client })).pipe(
      // A limiter that fails lets requests pass, because refusing all clients would protect nothing.
      Effect.orElseSucceed(() => ({ success: true })),
      Effect.flatMap(({ success }) => (success ? Effect.void : tooManyCredentials))
    )
  }

const tooManyCredentials = Effect.suspend(
  () =>
    new Busy({
      detail:
        "This address sent too many payment credentials. This one was not checked. Wait, and send the same request again.",
      charged: null,
      retry_after: 10
    })
)
