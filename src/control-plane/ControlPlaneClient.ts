import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type { ControlPlane } from "./ControlPlane.ts"
import { makeJack } from "./jack/Jack.ts"
import { ControlPlaneMemory } from "./testing.ts"

export { type Account, COMPATIBILITY_DATE, type ControlPlaneError, type Project, type Upload } from "./ControlPlane.ts"
export { CodeRejected, ControlPlaneRefused, ControlPlaneUnavailable, SlugTaken } from "./errors.ts"

/** The control plane that hosts what is deployed. */
export class ControlPlaneClient extends Context.Service<ControlPlaneClient, ControlPlane>()(
  "mpp-compute/control-plane/ControlPlaneClient"
) {
  /** Jack's, or any other that speaks its HTTP contract: `CONTROL_PLANE_URL` and `CONTROL_PLANE_TOKEN` of the settings. */
  static readonly layer = Layer.effect(ControlPlaneClient, makeJack)

  /** One in memory. Tests look into `memory` and script its failures; two layers over one memory are one control plane. */
  static layerMemory(memory: ControlPlaneMemory = new ControlPlaneMemory()) {
    return Layer.succeed(ControlPlaneClient, memory.client)
  }
}
