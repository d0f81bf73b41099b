import { Leases } from "../../leases.ts"
import { PACKAGE_LIMITS } from "../../npm/limits.ts"
import type { GoProgram } from "../go/GoProgram.ts"
import { connect, type Instance } from "../instance.ts"
import { InstanceTimeout } from "../worker-shim.ts"
import { BundlerBusyError } from "./leased-slots.ts"
import type { Pool } from "./Pool.ts"
import { readStart, resumeCompiler } from "./paused-compiler.ts"
import type { PausedCompiler } from "./start-compiler.ts"

/** Builds at a time. More would not have their turn in time, and would take the places of builds without packages. */
const MAX_BUILDS = 6

/** Milliseconds between two looks at the slot. */
const POLL_MS = 20

/** Milliseconds after which a build that waits and has not looked was ended by the platform. */
const LOST_MS = 1000

/** One build with packages, and its share of the isolate's memory. */
export interface LargeBuild {
  /** Waits until the build may hold this many bytes of packages, counted all together. */
  readonly hold: (bytes: number) => Promise<void>
  /**
   * Runs `use` with a compiler that has seen no other client's source, and becomes garbage afterwards.
   *
   * @throws {BundlerBusyError} if its turn does not come in time.
   */
  readonly use: <A>(use: (instance: Instance) => Promise<A>) => Promise<A>
}

/**
 * Lets one build at a time compile with packages or hold many bytes of them, because an isolate's memory is enough for one. It
 * has the slot. Beside it others install, as long as they hold few bytes together. They poll, because a promise of one request
 * cannot be awaited in another. Ordinary builds need no slot here.
 */
export class LargePool {
  readonly #wasm: WebAssembly.Module
  readonly #ordinary: Pool
  readonly #builds = new Leases<"build">()
  /** The bytes of the builds without the slot. */
  readonly #held = new Leases<number>()
  /** The builds that wait for the slot, in their order, and when they looked. */
  readonly #waiting = new Map<symbol, number>()
  readonly #slot = new Leases<"slot">()
  /** The compiler that the Worker's build started. */
  #started: PausedCompiler | undefined
  /** The compiler of the last build, until V8 collects it. */
  #last: WeakRef<GoProgram> | undefined

  constructor(wasm: WebAssembly.Module, ordinary: Pool) {
    this.#wasm = wasm
    this.#ordinary = ordinary
  }

  /**
   * Runs a build with packages.
   *
   * @param deadline in milliseconds since 1970.
   * @throws {BundlerBusyError} at once if too many are in flight.
   */
  async run<A>(deadline: number, work: (build: LargeBuild) => Promise<A>): Promise<A> {
    const build = Symbol("build")
    if (this.#builds.active(Date.now()).length >= MAX_BUILDS) throw busy()
    this.#builds.grant(build, "build", deadline)
    /** Several archives of a build may wait for the same turn. */
    let turn: Promise<void> | undefined
    const takeTurn = () => (turn ??= this.#wait(build, deadline).finally(() => (turn = undefined)))
    try {
      return await work({
        hold: async (bytes) => {
          if (this.#holds(build, bytes, deadline)) return
          await takeTurn()
        },
        use: async (use) => {
          await takeTurn()
          try {
            return await this.#compile(deadline, use)
          } finally {
            this.#slot.release(build)
          }
        }
      })
    } finally {
      this.#waiting.delete(build)
      for (const leases of [this.#builds, this.#held, this.#slot]) leases.release(build)
    }
  }

  async #compile<A>(deadline: number, use: (instance: Instance) => Promise<A>): Promise<A> {
    this.#ordinary.dropIdle()
    const started = (this.#started ??= await readStart(this.#wasm, "large"))
    const { handshake } = started
    const program = this.#resume(started)
    const timeoutMs = Math.max(1, deadline - Date.now())
    const instance = await connect(this.#wasm, program, handshake, timeoutMs).catch((error: unknown) => {
      throw error instanceof InstanceTimeout ? busy() : error
    })
    try {
      return await use(instance)
    } finally {
      // A grown program would stay that large.
      if (!program.isOver && program.size <= PACKAGE_LIMITS.memoryBytes) this.#last = new WeakRef(program)
    }
  }

  /**
   * Makes a compiler. V8 does not count the memory of WebAssembly, so it would leave the compilers of many builds uncollected. So the
   * last one begins again, where it still exists, with the memory of the started one.
   */
  #resume(started: PausedCompiler): GoProgram {
    const last = this.#last?.deref()
    this.#last = undefined
    // All bytes behind its last one are zero, as they were at its start.
    if (last?.restore(started.snapshot, false) === true) return last
    return resumeCompiler(this.#wasm, "large", started)
  }

  /** Counts the bytes of a build if it may hold them. Returns whether it may hold them without waiting for the slot. */
  #holds(build: symbol, bytes: number, deadline: number): boolean {
    const now = Date.now()
    const hasSlot = this.#slot.active(now).some(([holder]) => holder === build)
    const others = this.#held.active(now).reduce((sum, [holder, held]) => sum + (holder === build ? 0 : held), 0)
    if (hasSlot) return true
    if (others + bytes > PACKAGE_LIMITS.besideBytes) return false
    this.#held.grant(build, bytes, deadline)
    return true
  }

  async #wait(build: symbol, deadline: number): Promise<void> {
    while (!this.#takes(build, deadline)) {
      if (Date.now() >= deadline) throw busy()
      await new Promise<void>((resolve) => setTimeout(resolve, POLL_MS))
    }
    this.#held.release(build)
  }

  #takes(build: symbol, deadline: number): boolean {
    const now = Date.now()
    const holders = this.#slot.active(now)
    if (holders.some(([holder]) => holder === build)) return true
    this.#waiting.set(build, now)
    for (const [other, seen] of this.#waiting) if (now - seen > LOST_MS) this.#waiting.delete(other)
    const [first] = this.#waiting.keys()
    if (first !== build || holders.length > 0) return false
    this.#waiting.delete(build)
    this.#slot.grant(build, "slot", deadline)
    return true
  }
}

const busy = () => new BundlerBusyError("Too many builds with packages are in flight; try again in a moment")
