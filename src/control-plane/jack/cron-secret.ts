import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { makeJackHttp, withTimeout } from "./JackHttp.ts"

const Answer = Schema.fromJsonString(
  Schema.Struct({ project: Schema.Struct({ cron_secret: Schema.optional(Schema.NullOr(Schema.String)) }) })
)

/**
 * Makes the function that reads a project's `cron_secret`, the key of Jack's signatures of scheduled calls. Without a secret
 * Jack signs with an empty key, and such a signature proves nothing. So an empty secret counts as none.
 */
export const makeReadCronSecret = Effect.map(makeJackHttp, ({ requestIdempotent }) =>
  Effect.fn("CronSecret.read")(function* (projectId: string) {
    const path = `/v1/projects/${encodeURIComponent(projectId)}`
    const { project } = yield* requestIdempotent(HttpClientRequest.get(path), Schema.decodeUnknownEffect(Answer)).pipe(
      withTimeout("10 seconds", `GET ${path}`)
    )
    return Option.map(Option.fromUndefinedOr(project.cron_secret || undefined), (secret) => Redacted.make(secret))
  })
)
