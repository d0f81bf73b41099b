import * as Context from "effect/Context"
import type { HostUnavailable } from "../domain/Errors.ts"

/** What the host was like when it was asked last. */
export interface Learned {
  readonly status: "ready" | "unavailable" | "unusable"
  /** What is wrong, for the operator; empty where nothing is. */
  readonly detail: string
  /** When it was asked, in unix milliseconds. */
  readonly at: number
}

/**
 * What this isolate last learned about the host, for `/health`, which asks nobody. Orders note it when they ask before a
 * payment, and the gateway when an order tells that it could not be sold: their objects may run in another isolate.
 */
export interface HostHealth {
  learned: Learned | undefined
}

/** One for all runtimes of an isolate: a value, which requests may share. Tests give each gateway one of its own. */
export const HostHealth = Context.Reference<HostHealth>("mpp-compute/deploy/HostHealth", {
  defaultValue: () => ({ learned: undefined })
})

/** What an order's answer tells about the host, as the gateway learns it from another isolate. `now` in unix milliseconds. */
export const learnFrom = (health: HostHealth, answer: HostUnavailable | undefined, now: number): void => {
  health.learned = answer === undefined ? undefined : { status: answer.host, detail: answer.detail ?? "", at: now }
}
