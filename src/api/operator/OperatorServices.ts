import type { Settings } from "../../config.ts"
import type { ControlPlaneClient, ControlPlaneError } from "../../control-plane/ControlPlaneClient.ts"
import type { Orders } from "../../orders/Orders.ts"
import type { Busy, Expired, Internal, InvalidRequest, NotFound } from "../../domain/Errors.ts"
import type { Payers } from "../../payers/Payers.ts"
import type { Records, RecordsUnavailable } from "../../records/Records.ts"

/** The services that the operator's pages and actions use. */
export type OperatorServices = ControlPlaneClient | Orders | Payers | Records | Settings

/** Every error of a read or an action of the operator. */
export type OperatorError =
  | Busy
  | ControlPlaneError
  | Expired
  | Internal
  | InvalidRequest
  | NotFound
  | RecordsUnavailable
