import * as Context from "effect/Context"
import type { ControlPlane } from "./ControlPlane.ts"

export { type Account, COMPATIBILITY_DATE, type ControlPlaneError, type Project, type Upload } from "./ControlPlane.ts"
export { CodeRejected, ControlPlaneRefused, ControlPlaneUnavailable, SlugTaken } from "./errors.ts"

/** The control plane that hosts the deployments. */
export class ControlPlaneClient extends Context.Service<ControlPlaneClient, ControlPlane>()(
  "mpp-compute/control-plane/ControlPlaneClient"
) {}
