import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { ControlPlane } from "../ControlPlane.ts"
import { type JackHttp, projectPath, toControlPlaneError, withTimeout } from "./JackHttp.ts"
import { decode } from "./wire.ts"

/** The time limit of each of the two calls. The stream itself has none. */
const OPEN_TIMEOUT = "10 seconds"

/**
 * Reads logs by Jack's sessions. A project has one session of an hour, which everybody who looks shares: the call that makes it
 * also prolongs it. The stream of a project without a session is refused, so each read begins with that call.
 */
export const makeLogs = ({ requestIdempotent, open }: JackHttp): Pick<ControlPlane, "logs"> => ({
  logs: Effect.fn("ControlPlaneClient.logs")(function* (projectId: string) {
    const path = `${projectPath(projectId)}/logs`
    const session = HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.post(`${path}/session`), {
      label: "mpp-compute"
    })
    yield* requestIdempotent(session, decode.done).pipe(withTimeout(OPEN_TIMEOUT, `POST ${path}/session`))
    return yield* open(`${path}/stream`, "text/event-stream").pipe(
      Effect.catchTag("Rejection", (rejection) => Effect.fail(toControlPlaneError(rejection))),
      withTimeout(OPEN_TIMEOUT, `GET ${path}/stream`)
    )
  })
})
