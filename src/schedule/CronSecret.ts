import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { ControlPlaneError } from "../control-plane/ControlPlaneClient.ts"

/** The key that the platform signs its scheduled calls with. */
export class CronSecret extends Context.Service<
  CronSecret,
  {
    /** None where there is no platform that calls: then nobody may. */
    readonly read: Effect.Effect<Option.Option<Redacted.Redacted>, ControlPlaneError>
  }
>()("mpp-compute/schedule/CronSecret") {}
