import * as Context from "effect/Context"
import type { ControlPlane } from "./ControlPlane.ts"

export {
  type Account,
  COMPATIBILITY_DATE,
  type ControlPlaneError,
  type Database,
  type DatabaseRow,
  type Project
} from "./ControlPlane.ts"
export { CodeRejected, ControlPlaneRefused, ControlPlaneUnavailable, QueryRejected, SlugTaken } from "./errors.ts"
export type { Assets, Capability, Resources, Upload, UploadModule } from "./Upload.ts"

/** The control plane that hosts the deployments. */
export class ControlPlaneClient extends Context.Service<ControlPlaneClient, ControlPlane>()(
  "mpp-compute/control-plane/ControlPlaneClient"
) {}
