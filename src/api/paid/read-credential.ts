import * as Effect from "effect/Effect"
import { HeaderTooLarge, InvalidRequest } from "../../domain/Errors.ts"
import { readCredentials } from "../../payment/read-credentials.ts"
import { setRetryAfter } from "./complete-error.ts"
import type { CheckRate } from "./CredentialRateLimit.ts"

/** The longest `Authorization` header, in characters: 64 KiB. A credential has some 3,000. */
export const MAX_AUTHORIZATION_LENGTH = 65_536

/**
 * Returns the one `Payment` credential of a request, or `undefined`. It checks the header's length first. Then `checkRate`
 * decides whether this client may try another credential, and only then is the header parsed. A header for another scheme does
 * not count.
 */
export const readCredential = Effect.fnUntraced(function* (headers: Headers, checkRate: CheckRate) {
  const authorization = headers.get("authorization")
  if (authorization === null) return undefined
  if (authorization.length > MAX_AUTHORIZATION_LENGTH) {
    return yield* new HeaderTooLarge({
      detail:
        `The Authorization header has ${authorization.length} characters. The limit is ${MAX_AUTHORIZATION_LENGTH}. ` +
        "Send one payment credential, unchanged."
    })
  }
  if (!/payment/i.test(authorization)) return undefined
  yield* checkRate(headers).pipe(Effect.tapError(setRetryAfter))
  const [credential, ...others] = readCredentials(authorization)
  if (others.length > 0) {
    return yield* new InvalidRequest({
      detail: "The request has more than one payment credential. Nothing was charged. Send exactly one."
    })
  }
  return credential
})
