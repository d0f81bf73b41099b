import { version } from "../generated/esbuild-factory.js"
import { GoProgram, type Snapshot } from "./go/program.ts"
import { connect, type Instance } from "./instance.ts"
import { Leases } from "./leases.ts"
import { LIMITS } from "../limits.ts"
import { warmUp } from "./warm-up.ts"

const MEMORY = { initial: LIMITS.memoryBytes, maximal: LIMITS.maxMemoryBytes }

/**
 * No garbage is collected as long as there is memory: a build is short, and what it leaves behind is overwritten. Near the
 * soft limit it is. The wasm's memory is up to 10 MB more than what that limit counts.
 */
const ENVIRONMENT = { GOGC: "off", GOMEMLIMIT: "36MiB" }

/** Lets work go on after the answer, as the platform's `waitUntil` does. */
export type WaitUntil = (work: Promise<unknown>) => void

/** Milliseconds in which an answer is on its way. A timer of none fires before. */
const AFTER_MS = 5

interface Ready {
  readonly program: GoProgram
  readonly greeting: Uint8Array
}

/** A compiler that was paused when it was warm and had seen no source but ours. */
interface Origin {
  readonly snapshot: Snapshot
  readonly greeting: Uint8Array
}

/** A program that no build uses. */
interface Idle {
  readonly program: GoProgram
  /** Whether its memory is the origin's already. */
  readonly restored: boolean
}

const start = (wasm: WebAssembly.Module): Ready => {
  const program = new GoProgram(wasm, MEMORY)
  const output: Array<Uint8Array> = []
  program.onOutput = (bytes) => output.push(bytes)
  program.start(["", `--service=${version}`], ENVIRONMENT)
  return { program, greeting: Uint8Array.from(output.flatMap((bytes) => [...bytes])) }
}

/**
 * The compilers of an isolate. The first is paused after a build of ours, and its memory copied; every build begins with
 * exactly that memory. So it is as safe as a fresh instance, for no byte of another's source is left, and as fast as one
 * that has long been running. All of it is memory: there is nothing in it that would belong to a request.
 */
export class Pool {
  readonly #wasm: WebAssembly.Module
  readonly #builds = new Leases(LIMITS.builds)
  /** Builds that wait for URL imports. They hold no compiler. */
  readonly waiting = new Leases(LIMITS.waiting)
  #origin: Origin | undefined
  #preparing = false
  #idle: Idle | undefined

  constructor(wasm: WebAssembly.Module) {
    this.#wasm = wasm
  }

  /**
   * Runs `use` with a compiler that nobody has used.
   *
   * @param waitUntil when given, the compiler is made ready for the next build after this one was answered.
   * @throws what `use` throws; `BundlerBusy`; `GoExit` and `InstanceCrash` when the compiler does not start.
   */
  use<A>(timeoutMs: number, use: (instance: Instance) => Promise<A>, waitUntil?: WaitUntil): Promise<A> {
    return this.#builds.hold(timeoutMs, async () => {
      const { program, greeting } = await this.#take(timeoutMs)
      const instance = await connect(this.#wasm, program, greeting, timeoutMs)
      try {
        return await use(instance)
      } finally {
        // A grown program would stay so large for ever. One that is over must be garbage before the next takes memory.
        if (!program.isOver && program.size <= MEMORY.initial) this.#give(program, waitUntil)
      }
    })
  }

  async #take(timeoutMs: number): Promise<Ready> {
    if (this.#origin === undefined) {
      const ready = start(this.#wasm)
      // Another build may be preparing at this moment. It may also have been ended at it: then there is no other origin.
      if (this.#preparing) return ready
      this.#preparing = true
      await warmUp(await connect(this.#wasm, ready.program, ready.greeting, timeoutMs))
      const snapshot = ready.program.snapshot()
      if (snapshot === undefined) return start(this.#wasm)
      this.#origin = { snapshot, greeting: ready.greeting }
      return ready.program.restore(snapshot, false) ? ready : start(this.#wasm)
    }
    const { snapshot, greeting } = this.#origin
    const idle = this.#idle
    this.#idle = undefined
    if (idle !== undefined && (idle.restored || idle.program.restore(snapshot, true)))
      return { program: idle.program, greeting }
    const fresh = start(this.#wasm)
    return fresh.program.restore(snapshot, false) ? { program: fresh.program, greeting } : fresh
  }

  #give(program: GoProgram, waitUntil: WaitUntil | undefined): void {
    const idle: Idle = { program, restored: false }
    this.#idle = idle
    if (waitUntil === undefined) return
    // Should the timer never fire, the next build does what it would have done.
    const done = new Promise<void>((resolve) => setTimeout(resolve, AFTER_MS)).then(() => this.#restore(idle))
    waitUntil(done)
  }

  /** Nobody has it while it is worked on: whoever is ended in its midst leaves none behind that is half restored. */
  #restore(idle: Idle): void {
    if (this.#idle !== idle || this.#origin === undefined) return
    this.#idle = undefined
    if (idle.program.restore(this.#origin.snapshot, true)) this.#idle = { program: idle.program, restored: true }
  }
}

/** A compiler for all builds to come, as one would have it without their safety: for measuring what that costs. */
export const startWarm = async (wasm: WebAssembly.Module): Promise<Instance> => {
  const { program, greeting } = start(wasm)
  return connect(wasm, program, greeting, 3_600_000)
}
