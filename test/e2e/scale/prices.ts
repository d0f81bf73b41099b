/**
 * List prices in US dollars as the platform's pages had them on 2026-11-30, beyond what a plan includes. docs/scale.md names the
 * pages. A month has 30 days.
 */
export const PRICES = {
  request: 0.3e-6,
  cpuMs: 0.02e-6,
  objectRequest: 0.15e-6,
  objectGbSecond: 12.5e-6,
  rowRead: 0.001e-6,
  rowWritten: 1e-6,
  objectGbMonth: 0.2,
  kvRead: 0.5e-6,
  /** A write, a delete or a list. */
  kvWrite: 5e-6,
  kvGbMonth: 0.5,
  logEvent: 0.6e-6,
  /** An isolate of the Worker Loader. It is announced, and was not billed on that day. */
  isolate: 0.002
} as const

/** Gigabytes of memory that an object is billed for while it is active. */
export const OBJECT_GB = 0.128

/** The gateway's prices, in US dollars. */
export const REVENUE = { deploy: 0.1, execute: 0.01 } as const

/** How long an order is kept after its end, and a sale's record in KV, in days. */
export const KEPT_DAYS = { order: 7, sale: 400 } as const
