import type { GoProgram, Snapshot } from "../go/GoProgram.ts"
import { connect, type Instance } from "../instance.ts"
import { LeasedSlots } from "./leased-slots.ts"
import { LIMITS } from "../../limits.ts"
import { type CompilerMemory, startCompiler, type StartedCompiler } from "./start-compiler.ts"
import { warmUp } from "./warm-up.ts"

const MEMORY: CompilerMemory = {
  limits: { initial: LIMITS.memoryBytes, maximal: LIMITS.maxMemoryBytes },
  // The wasm's memory is up to 10 MB more than this limit counts.
  softLimit: "36MiB"
}

/** Lets work continue after the answer, as the platform's `waitUntil` does. */
export type WaitUntil = (work: Promise<unknown>) => void

/** The answer leaves within this time, in milliseconds. A timer of 0 would fire before. */
const AFTER_MS = 5

/** The memory of a compiler that was paused after warming up, before it saw a client's source; and its first output. */
interface WarmSnapshot {
  readonly snapshot: Snapshot
  readonly handshake: Uint8Array
}

/** A program that no build uses. */
interface IdleProgram {
  readonly program: GoProgram
  /** Whether its memory already is that of the warm snapshot. */
  readonly restored: boolean
}

/**
 * The compilers of an isolate. The first one is paused after a warm-up build, and its memory is copied. Every build begins with
 * exactly that memory. So it is as safe as a fresh instance, because no byte of another source is left, and as fast as a warm
 * one. The snapshot is only memory, so nothing in it belongs to a request.
 */
export class Pool {
  readonly #wasm: WebAssembly.Module
  readonly #builds = new LeasedSlots(LIMITS.builds)
  /** Builds that wait for URL imports. They hold no compiler. */
  readonly waiting = new LeasedSlots(LIMITS.waiting)
  #warmSnapshot: WarmSnapshot | undefined
  #preparing = false
  #idle: IdleProgram | undefined

  constructor(wasm: WebAssembly.Module) {
    this.#wasm = wasm
  }

  /**
   * Runs `use` with a compiler that has seen no other client's source.
   *
   * @param waitUntil when given, the compiler is made ready for the next build after this one was answered.
   * @throws the errors of `use`; `BundlerBusyError`; `GoExit` and `InstanceCrash` when the compiler does not start.
   */
  use<A>(timeoutMs: number, use: (instance: Instance) => Promise<A>, waitUntil?: WaitUntil): Promise<A> {
    return this.#builds.run(timeoutMs, async () => {
      const { program, handshake } = await this.#acquire(timeoutMs)
      const instance = await connect(this.#wasm, program, handshake, timeoutMs)
      try {
        return await use(instance)
      } finally {
        // A grown program would stay that large. A program that has ended must become garbage before the next one takes memory.
        if (!program.isOver && program.size <= MEMORY.limits.initial) this.#release(program, waitUntil)
      }
    })
  }

  /** Gives up the program that no build uses, so that its memory is free for a larger one. */
  dropIdle(): void {
    this.#idle = undefined
  }

  async #acquire(timeoutMs: number): Promise<StartedCompiler> {
    if (this.#warmSnapshot === undefined) {
      const ready = startCompiler(this.#wasm, MEMORY)
      // Another build may be warming up now. If the platform ended it meanwhile, there will be no snapshot.
      if (this.#preparing) return ready
      this.#preparing = true
      await warmUp(await connect(this.#wasm, ready.program, ready.handshake, timeoutMs))
      const snapshot = ready.program.snapshot()
      if (snapshot === undefined) return startCompiler(this.#wasm, MEMORY)
      this.#warmSnapshot = { snapshot, handshake: ready.handshake }
      return ready.program.restore(snapshot, false) ? ready : startCompiler(this.#wasm, MEMORY)
    }
    const { snapshot, handshake } = this.#warmSnapshot
    const idle = this.#idle
    this.#idle = undefined
    if (idle !== undefined && (idle.restored || idle.program.restore(snapshot, true)))
      return { program: idle.program, handshake }
    const fresh = startCompiler(this.#wasm, MEMORY)
    return fresh.program.restore(snapshot, false) ? { program: fresh.program, handshake } : fresh
  }

  #release(program: GoProgram, waitUntil: WaitUntil | undefined): void {
    const idle: IdleProgram = { program, restored: false }
    this.#idle = idle
    if (waitUntil === undefined) return
    // If the timer never fires, the next build restores the program.
    const done = new Promise<void>((resolve) => setTimeout(resolve, AFTER_MS)).then(() => this.#restore(idle))
    waitUntil(done)
  }

  /**
   * Takes the program out while it restores it, so that a request that the platform ends leaves no half-restored one behind.
   */
  #restore(idle: IdleProgram): void {
    if (this.#idle !== idle || this.#warmSnapshot === undefined) return
    this.#idle = undefined
    if (idle.program.restore(this.#warmSnapshot.snapshot, true)) this.#idle = { program: idle.program, restored: true }
  }
}

/**
 * Starts one compiler for all further builds, without isolation between them. A benchmark measures the cost of that isolation
 * with it.
 */
export const startWarm = async (wasm: WebAssembly.Module): Promise<Instance> => {
  const { program, handshake } = startCompiler(wasm, MEMORY)
  return connect(wasm, program, handshake, 3_600_000)
}
