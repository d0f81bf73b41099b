import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { ControlPlaneClient } from "../../control-plane/ControlPlaneClient.ts"
import { HostUnavailable } from "../../domain/Errors.ts"
import { HostHealth, type Learned } from "./HostHealth.ts"

/**
 * The host may take this long. A signed payment is valid for 25 seconds, and the build beside this request needs most of them.
 */
const HOST_TIMEOUT = "5 seconds"

/** When the client should try again, in seconds. An outage ends by itself; an account needs the operator. */
const RETRY_AFTER_SECONDS = { unavailable: 10, unusable: 300 }

const READY = { status: "ready" as const, detail: "" }

/**
 * Asks the host before the payment whether it could deliver. Every answer except a usable account counts as an outage. Jack
 * also answers 401 when its own database is down, so a 401 does not prove that the token is wrong.
 */
export const askHost: Effect.Effect<void, HostUnavailable, ControlPlaneClient> = Effect.flatMap(
  ControlPlaneClient,
  (host) => host.account()
).pipe(
  Effect.timeoutOrElse({
    duration: HOST_TIMEOUT,
    orElse: () => Effect.fail({ message: `no answer in ${HOST_TIMEOUT}` })
  }),
  Effect.map((account) => (account.usable ? READY : { status: "unusable" as const, detail: account.reason })),
  Effect.catch(({ message }) => Effect.succeed({ status: "unavailable" as const, detail: message })),
  Effect.catchDefect((defect) =>
    Effect.as(Effect.logError("a defect while asking the host", defect), {
      status: "unavailable" as const,
      detail: "an internal error"
    })
  ),
  Effect.flatMap((found) => learn(found)),
  Effect.withSpan("OrderWorkflow.askHost")
)

const learn = Effect.fnUntraced(function* ({ status, detail }: Omit<Learned, "at">) {
  const health = yield* HostHealth
  health.learned = { status, detail, at: yield* Clock.currentTimeMillis }
  if (status === "ready") return
  yield* Effect.logError("nothing can be deployed", status, detail)
  const what =
    status === "unusable"
      ? `Nothing can be deployed here until the operator has fixed the host's account: ${detail}.`
      : `The host takes no deployments at present: ${detail}.`
  return yield* new HostUnavailable({
    detail: `${what} Nothing was charged; try again later.`,
    host: status,
    retry_after: RETRY_AFTER_SECONDS[status]
  })
})
