import * as Context from "effect/Context"

/**
 * The tokens that the settings offer and that nobody can pay in, as this isolate has learned: addresses in lower case. A 402 asks
 * nobody, so it offers each token until a payment has found out. Challenges leave these out, and `/health` names them. Orders may run
 * in another isolate, so the gateway learns from their errors, too.
 */
export const UntakenTokens = Context.Reference<Set<string>>("mpp-compute/payment/UntakenTokens", {
  defaultValue: () => new Set()
})
