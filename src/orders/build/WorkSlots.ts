import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import { BUILDS, makeSlots, STARTS } from "./slots.ts"

/** Divides one isolate's builds and start checks among the payers. */
export class WorkSlots extends Context.Service<
  WorkSlots,
  {
    readonly inBuild: ReturnType<typeof makeSlots>
    readonly inStart: ReturnType<typeof makeSlots>
  }
>()("mpp-compute/orders/WorkSlots") {}

/** The slots of this isolate, by the limits of `slots.ts`. */
export const layerWorkSlots = Layer.sync(WorkSlots, () => ({ inBuild: makeSlots(BUILDS), inStart: makeSlots(STARTS) }))
