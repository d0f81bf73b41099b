import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { ControlPlaneError } from "../control-plane/ControlPlaneClient.ts"

/** The key with which the platform signs scheduled calls. */
export class CronSecret extends Context.Service<
  CronSecret,
  {
    /** `none` if no platform calls. The gateway then accepts no call. */
    readonly read: Effect.Effect<Option.Option<Redacted.Redacted>, ControlPlaneError>
  }
>()("mpp-compute/schedule/CronSecret") {}
