import * as Context from "effect/Context"
import type { HostUnavailable } from "../../domain/Errors.ts"

/** The host's health at the last request. */
export interface Learned {
  readonly status: "ready" | "unavailable" | "unusable"
  /** The fault, for the operator; empty if there is none. */
  readonly detail: string
  /** When the host was asked, in unix milliseconds. */
  readonly at: number
}

/**
 * The host's health as this isolate last learned it. `/health` reads it, and asks nobody. Orders record it when they ask the
 * host before a payment. The gateway records it when an order could not be sold, because orders may run in another isolate.
 */
export interface HostHealth {
  learned: Learned | undefined
}

/** One value for all runtimes of an isolate, which requests may share. Tests give each gateway its own value. */
export const HostHealth = Context.Reference<HostHealth>("mpp-compute/orders/HostHealth", {
  defaultValue: () => ({ learned: undefined })
})

/** Records the host's health from the answer of an order in another isolate. `now` in unix milliseconds. */
export const learnFrom = (health: HostHealth, answer: HostUnavailable | undefined, now: number): void => {
  health.learned = answer === undefined ? undefined : { status: answer.host, detail: answer.detail ?? "", at: now }
}
