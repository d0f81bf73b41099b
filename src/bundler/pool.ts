import { GoProgram, type Snapshot } from "./go.ts"
import { connect, type Instance } from "./instance.ts"
import { version } from "./generated/esbuild-factory.js"
import { Leases } from "./leases.ts"
import { LIMITS } from "./limits.ts"
import { warmUp } from "./warm-up.ts"

/** An instance that has grown by more than this is let go of: memory never shrinks. In bytes. */
const MAX_GROWTH = 8 * 1024 * 1024

/** Go's soft limit on its memory: near it, garbage is collected more often. The wasm's memory is some 3 MB more. */
const ENVIRONMENT = { GOMEMLIMIT: "40MiB" }

interface Ready {
  readonly program: GoProgram
  readonly greeting: Uint8Array
}

/** A compiler that was paused when it was warm and had seen no source but ours. */
interface Origin {
  readonly snapshot: Snapshot
  readonly greeting: Uint8Array
}

const start = (wasm: WebAssembly.Module): Ready => {
  const program = new GoProgram(wasm)
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
  #idle: { readonly program: GoProgram; readonly size: number } | undefined

  constructor(wasm: WebAssembly.Module) {
    this.#wasm = wasm
  }

  /**
   * Runs `use` with a compiler that nobody has used.
   *
   * @throws what `use` throws; `BundlerBusy`; `GoExit` and `InstanceCrash` when the compiler does not start.
   */
  use<A>(timeoutMs: number, use: (instance: Instance) => Promise<A>): Promise<A> {
    return this.#builds.hold(timeoutMs, () => this.#use(timeoutMs, use))
  }

  async #use<A>(timeoutMs: number, use: (instance: Instance) => Promise<A>): Promise<A> {
    const { program, greeting } = await this.#take(timeoutMs)
    const size = program.size
    const instance = await connect(this.#wasm, program, greeting, timeoutMs)
    try {
      return await use(instance)
    } finally {
      this.#give(program, size)
    }
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
      return ready.program.restore(snapshot, 0) ? ready : start(this.#wasm)
    }
    const { snapshot, greeting } = this.#origin
    const idle = this.#idle
    this.#idle = undefined
    if (idle?.program.restore(snapshot, idle.program.size - idle.size) === true)
      return { program: idle.program, greeting }
    const fresh = start(this.#wasm)
    return fresh.program.restore(snapshot, fresh.program.size) ? { program: fresh.program, greeting } : fresh
  }

  /** What has grown in one build is all that it can have written to beyond the snapshot: Go asks for more at the end only. */
  #give(program: GoProgram, size: number): void {
    const limit = (this.#origin?.snapshot.memory.length ?? 0) + MAX_GROWTH
    if (program.size <= limit) this.#idle = { program, size }
  }
}

/** A compiler for all builds to come, as one would have it without their safety: for measuring what that costs. */
export const startWarm = async (wasm: WebAssembly.Module): Promise<Instance> => {
  const { program, greeting } = start(wasm)
  return connect(wasm, program, greeting, 3_600_000)
}
