import { Leases } from "../../leases.ts"
import { PACKAGE_LIMITS } from "../../npm/limits.ts"
import { connect, type Instance } from "../instance.ts"
import { BundlerBusyError } from "./leased-slots.ts"
import type { Pool } from "./Pool.ts"
import { type CompilerMemory, startCompiler } from "./start-compiler.ts"

const MEMORY: CompilerMemory = {
  limits: { initial: PACKAGE_LIMITS.memoryBytes, maximal: PACKAGE_LIMITS.maxMemoryBytes },
  softLimit: "60MiB"
}

/** Builds that may wait. More would not have their turn in time, and would take the places of builds without packages. */
const MAX_WAITING = 5

/** Milliseconds between two looks at the slot. */
const POLL_MS = 20

/** Milliseconds after which a build that waits and has not looked was ended by the platform. */
const LOST_MS = 1000

/**
 * The one slot of an isolate for builds with packages, whose memory is enough for one. The others wait in turn. They poll,
 * because a promise of one request cannot be awaited in another. Ordinary builds need no slot here.
 */
export class LargePool {
  readonly #wasm: WebAssembly.Module
  readonly #ordinary: Pool
  /** The builds that wait, in their order. */
  readonly #waiting = new Map<symbol, number>()
  readonly #running = new Leases<true>()

  constructor(wasm: WebAssembly.Module, ordinary: Pool) {
    this.#wasm = wasm
    this.#ordinary = ordinary
  }

  /**
   * Runs a build with packages when its turn comes.
   *
   * @param deadline in milliseconds since 1970.
   * @throws {BundlerBusyError} if its turn does not come in time, or at once if too many wait.
   */
  async run<A>(deadline: number, work: () => Promise<A>): Promise<A> {
    const build = Symbol("build")
    this.#forgetLost(Date.now())
    if (this.#waiting.size >= MAX_WAITING) throw busy()
    try {
      while (!this.#takes(build, deadline)) {
        if (Date.now() >= deadline) throw busy()
        await new Promise<void>((resolve) => setTimeout(resolve, POLL_MS))
      }
      return await work()
    } finally {
      this.#waiting.delete(build)
      this.#running.release(build)
    }
  }

  /** Runs `use` with a compiler of its own, which becomes garbage afterwards. */
  async use<A>(deadline: number, use: (instance: Instance) => Promise<A>): Promise<A> {
    const timeoutMs = Math.max(1, deadline - Date.now())
    this.#ordinary.dropIdle()
    const { program, handshake } = startCompiler(this.#wasm, MEMORY)
    return use(await connect(this.#wasm, program, handshake, timeoutMs))
  }

  #forgetLost(now: number): void {
    for (const [other, seen] of this.#waiting) if (now - seen > LOST_MS) this.#waiting.delete(other)
  }

  #takes(build: symbol, deadline: number): boolean {
    const now = Date.now()
    this.#waiting.set(build, now)
    this.#forgetLost(now)
    const [first] = this.#waiting.keys()
    if (first !== build || this.#running.active(now).length > 0) return false
    this.#waiting.delete(build)
    this.#running.grant(build, true, deadline)
    return true
  }
}

const busy = () => new BundlerBusyError("Too many builds with packages are in flight; try again in a moment")
