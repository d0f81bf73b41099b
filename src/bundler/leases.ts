interface Lease<A> {
  readonly value: A
  readonly until: number
}

/**
 * Permits that expire. A request that the platform ends runs no finalizers, so a counter of permits would never go down again.
 * A lease that its holder does not return ends when its time is over. Every time is in unix milliseconds. Each user has a rule
 * of its own for the next lease.
 */
export class Leases<A> {
  readonly #leases = new Map<symbol, Lease<A>>()

  /** Gives `holder` a lease until that time, or renews the one that it has. */
  grant(holder: symbol, value: A, until: number): void {
    this.#leases.set(holder, { value, until })
  }

  /** Returns the value of the holder's lease; `undefined` without one. */
  get(holder: symbol): A | undefined {
    return this.#leases.get(holder)?.value
  }

  release(holder: symbol): void {
    this.#leases.delete(holder)
  }

  /** Removes the leases whose time is over, and lists the others, the oldest first. */
  active(now: number): ReadonlyArray<readonly [holder: symbol, value: A]> {
    for (const [holder, { until }] of this.#leases) if (until <= now) this.#leases.delete(holder)
    return [...this.#leases].map(([holder, { value }]) => [holder, value] as const)
  }
}
