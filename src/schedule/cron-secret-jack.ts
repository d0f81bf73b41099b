import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Settings } from "../config.ts"
import { makeJackHttp, withTimeout } from "../control-plane/jack/JackHttp.ts"
import { CronSecret } from "./CronSecret.ts"

/** How long a secret that was read is used, in milliseconds: calls that are not signed shall not make us call anybody. */
const keepMillis = 60_000

const Answer = Schema.fromJsonString(
  Schema.Struct({ project: Schema.Struct({ cron_secret: Schema.optional(Schema.NullOr(Schema.String)) }) })
)

/**
 * Jack's: the `cron_secret` of the project that this Worker is, which Jack names in the binding `PROJECT_ID`. A project
 * that has none is signed for with an empty key, which is as good as no signature: that counts as none.
 */
export const layerCronSecretJack: Layer.Layer<CronSecret, never, Settings | HttpClient.HttpClient> = Layer.effect(
  CronSecret,
  Effect.gen(function* () {
    const settings = yield* Settings
    const { requestIdempotent } = yield* makeJackHttp
    let known: { readonly secret: Option.Option<Redacted.Redacted>; readonly until: number } | undefined

    const fetch = Effect.fn("CronSecret.read")(function* (projectId: string) {
      const path = `/v1/projects/${encodeURIComponent(projectId)}`
      const { project } = yield* requestIdempotent(
        HttpClientRequest.get(path),
        Schema.decodeUnknownEffect(Answer)
      ).pipe(withTimeout("10 seconds", `GET ${path}`))
      const secret = Option.map(Option.fromUndefinedOr(project.cron_secret || undefined), (key) => Redacted.make(key))
      known = { secret, until: (yield* Clock.currentTimeMillis) + keepMillis }
      return secret
    })

    // Only the value is shared between requests: a fetch belongs to the request that began it.
    const read = Effect.gen(function* () {
      const { PROJECT_ID } = settings
      if (PROJECT_ID === undefined) return Option.none()
      if (known !== undefined && known.until > (yield* Clock.currentTimeMillis)) return known.secret
      return yield* fetch(PROJECT_ID)
    })

    return CronSecret.of({ read })
  })
)
