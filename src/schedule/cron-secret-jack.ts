import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import { Settings } from "../config.ts"
import { makeReadCronSecret } from "../control-plane/jack/cron-secret.ts"
import { CronSecret } from "./CronSecret.ts"

/** A secret is cached for this long, in milliseconds, so that unsigned calls do not cause a request each. */
const KEEP_MILLIS = 60_000

/** Reads the secret from this Worker's own Jack project. Jack names the project in the binding `PROJECT_ID`. */
export const layerCronSecretJack = Layer.effect(
  CronSecret,
  Effect.gen(function* () {
    const settings = yield* Settings
    const readCronSecret = yield* makeReadCronSecret
    let known: { readonly secret: Option.Option<Redacted.Redacted>; readonly until: number } | undefined

    // Requests share only the value, because a pending fetch belongs to the request that began it.
    const read = Effect.gen(function* () {
      const { PROJECT_ID } = settings
      if (PROJECT_ID === undefined) return Option.none()
      if (known !== undefined && known.until > (yield* Clock.currentTimeMillis)) return known.secret
      const secret = yield* readCronSecret(PROJECT_ID)
      known = { secret, until: (yield* Clock.currentTimeMillis) + KEEP_MILLIS }
      return secret
    })

    return CronSecret.of({ read })
  })
)
