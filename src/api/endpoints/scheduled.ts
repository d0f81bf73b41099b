import { createHmac, timingSafeEqual } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRespondable from "effect/http/HttpServerRespondable"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Settings } from "../../config.ts"
import { discardBody } from "../request/body.ts"
import { notConfigured } from "../request/not-configured.ts"
import { Forbidden, Internal } from "../../domain/Errors.ts"
import { ReplayGuard } from "../../schedule/ReplayGuard.ts"
import { CronSecret } from "../../schedule/CronSecret.ts"
import { Sweep } from "../../schedule/Sweep.ts"

/** The path that Jack calls in place of `scheduled()`. */
export const SCHEDULED_PATH = "/__scheduled"

/** The largest difference between the time of a call and the gateway's clock, in milliseconds. */
const FRESH_MILLIS = 5 * 60_000

/** Jack's signature: the time in unix milliseconds, and an HMAC-SHA256 over it, the path and the cron expression. */
const Signed = Schema.Struct({
  "x-jack-timestamp": Schema.String.check(Schema.isPattern(/^\d{10,14}$/)),
  "x-jack-signature": Schema.String.check(Schema.isPattern(/^[0-9a-fA-F]{64}$/)),
  "x-jack-cron": Schema.String.check(Schema.isMaxLength(200))
})
const decodeSigned = Schema.decodeUnknownEffect(Signed)

const forbidden = (detail: string) => new Forbidden({ detail })

/** Refuses a call unless it is signed, fresh and new. */
const authorize = Effect.fn("Gateway.authorizeSchedule")(function* (
  request: HttpServerRequest.HttpServerRequest,
  secrets: CronSecret["Service"],
  replays: ReplayGuard["Service"]
) {
  const signed = yield* decodeSigned(request.headers).pipe(
    Effect.mapError(() => forbidden("Only the platform may call this endpoint, with a signed request."))
  )
  const { "x-jack-timestamp": stamp, "x-jack-signature": signature, "x-jack-cron": cron } = signed
  // A number with fewer digits than milliseconds have is in seconds.
  const time = stamp.length < 12 ? Number(stamp) * 1000 : Number(stamp)
  const now = yield* Clock.currentTimeMillis
  if (Math.abs(now - time) > FRESH_MILLIS)
    return yield* forbidden("The call is more than 5 minutes old, or from the future.")
  const secret = yield* secrets.read.pipe(
    Effect.tapError(({ message }) => Effect.logWarning("the key of scheduled calls could not be read", message)),
    Effect.mapError(() => forbidden("The signature cannot be verified at the moment."))
  )
  if (secret._tag === "None")
    return yield* forbidden("This endpoint is closed because there is no key to verify calls with.")
  const expected = createHmac("sha256", Redacted.value(secret.value)).update(`${stamp}.POST.${SCHEDULED_PATH}.${cron}`)
  if (!timingSafeEqual(expected.digest(), Buffer.from(signature, "hex"))) {
    return yield* forbidden("Invalid signature.")
  }
  // The guard keeps the signature until the call is stale by any clock.
  if (!(yield* replays.markUsed(signature.toLowerCase(), time + 2 * FRESH_MILLIS))) {
    return yield* forbidden("This call was made before.")
  }
})

/** `POST /__scheduled` runs the sweep. The answer waits for it, because Jack takes the answer for the end of the work. */
export const Scheduled = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const sweep = yield* Sweep
    const secrets = yield* CronSecret
    const replays = yield* ReplayGuard
    const { missing } = yield* Settings
    // Without these bindings the gateway cannot recognize a repeated call, nor an orphan among paid deployments.
    const lacking = missing.filter((name) => name === "CLAIMS" || name === "ORDERS")
    const ready = lacking.length === 0 ? Effect.void : notConfigured(lacking)
    yield* router.add("POST", SCHEDULED_PATH, (request) =>
      discardBody(request.source as Request).pipe(
        Effect.andThen(ready),
        Effect.andThen(authorize(request, secrets, replays)),
        Effect.andThen(sweep.run),
        Effect.map((swept) => HttpServerResponse.jsonUnsafe(swept)),
        Effect.catchTags({
          Forbidden: (error) => HttpServerRespondable.toResponse(error),
          NotConfigured: (error) => HttpServerRespondable.toResponse(error),
          ControlPlaneRefused: answerUnlisted,
          ControlPlaneUnavailable: answerUnlisted
        })
      )
    )
  })
)

const answerUnlisted = ({ message }: { readonly message: string }) =>
  Effect.andThen(
    Effect.logError("the sweep could not list the projects", message),
    HttpServerRespondable.toResponse(
      new Internal({ detail: "The control plane does not answer. The next call tries again.", charged: null })
    )
  )
