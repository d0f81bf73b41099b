import { ArchiveStore } from "./archive/ArchiveStore.ts"
import { PACKAGE_LIMITS } from "./limits.ts"
import type { PackagesOptions } from "./options.ts"
import { memoryOf } from "./registry/IsolateMemory.ts"
import { Registry } from "./registry/Registry.ts"

/** The network's side of one build: the registry and the archives, which share a budget. */
export class Supply {
  readonly registry: Registry
  readonly archives: ArchiveStore
  /** Waits until the build may hold this many bytes of packages. */
  hold: ((bytes: number) => Promise<void>) | undefined

  constructor({ registry, timeMs, fetch, cache }: PackagesOptions) {
    const signal = AbortSignal.timeout(timeMs * PACKAGE_LIMITS.installShare)
    const memory = memoryOf(fetch)
    const hold = (bytes: number) => this.hold?.(bytes) ?? Promise.resolve()
    this.registry = new Registry({ base: registry, fetch, cache, signal, hold, memory })
    this.archives = new ArchiveStore(this.registry, memory)
  }

  /** Receives how many bytes of packages are held. */
  readonly keep = (bytes: number): void => {
    this.registry.client.budget.kept = bytes
  }

  /** All has arrived: nothing is kept for a repeat. */
  arrived(): void {
    this.archives.forget()
  }

  /** Ends all requests. If the time is over, answers that are under way may still arrive for a repeat, until this is fulfilled. */
  async close(): Promise<void> {
    if (this.registry.isLate) return this.registry.linger()
    this.archives.forget()
    this.registry.close()
  }
}
