import * as Context from "effect/Context"
import { Bundler } from "../bundler/Bundler.ts"
import { Settings } from "../config.ts"
import { ControlPlaneClient } from "../control-plane/ControlPlaneClient.ts"
import { ExpiryStore } from "../expiry/ExpiryStore.ts"
import { DeploymentIds } from "../ids/DeploymentIds.ts"
import { Payers } from "../payers/Payers.ts"
import { PaymentService } from "../payment/PaymentService.ts"
import { Records } from "../records/Records.ts"
import { CodeRunner } from "../sandbox/CodeRunner.ts"
import { Deployments } from "./renewal/Deployments.ts"
import { WorkSlots } from "./build/WorkSlots.ts"
import { Crowd } from "./ending/Crowd.ts"

/** The services that the steps of an order use. Each step yields its own; `layerOrderWorkflow` provides all of them at once. */
export type OrderServices =
  | Bundler
  | CodeRunner
  | ControlPlaneClient
  | Crowd
  | DeploymentIds
  | Deployments
  | ExpiryStore
  | PaymentService
  | Payers
  | Records
  | Settings
  | WorkSlots

/** Picks these services from a context, without the clock, the tracer and other things of one fiber. */
export const pickOrderServices = Context.pick(
  Bundler,
  CodeRunner,
  ControlPlaneClient,
  Crowd,
  DeploymentIds,
  Deployments,
  ExpiryStore,
  PaymentService,
  Payers,
  Records,
  Settings,
  WorkSlots
)
