import * as Context from "effect/Context"
import type { HostUnavailable } from "../../domain/Errors.ts"

/** The host's health when it was asked last. */
export interface Learned {
  readonly status: "ready" | "unavailable" | "unusable"
  /** The fault, for the operator; empty where there is none. */
  readonly detail: string
  /** When it was asked, in unix milliseconds. */
  readonly at: number
}

/**
 * The host's health as this isolate last learned it, for `/health`, which asks nobody. Orders note it when they ask
 * before a payment; the gateway does when an order could not be sold, as orders may run in another isolate.
 */
export interface HostHealth {
  learned: Learned | undefined
}

/** One for all runtimes of an isolate: a value, which requests may share. Tests give each gateway one of its own. */
export const HostHealth = Context.Reference<HostHealth>("mpp-compute/orders/HostHealth", {
  defaultValue: () => ({ learned: undefined })
})

/** Notes the host's health, as the answer of an order in another isolate tells it. `now` in unix milliseconds. */
export const learnFrom = (health: HostHealth, answer: HostUnavailable | undefined, now: number): void => {
  health.learned = answer === undefined ? undefined : { status: answer.host, detail: answer.detail ?? "", at: now }
}
