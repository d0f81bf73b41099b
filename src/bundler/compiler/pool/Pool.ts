import type { GoProgram, Snapshot } from "../go/GoProgram.ts"
import { connect, type Instance } from "../instance.ts"
import { LeasedSlots } from "./leased-slots.ts"
import { LIMITS } from "../../limits.ts"
import { readStart, resumeCompiler } from "./paused-compiler.ts"
import type { PausedCompiler } from "./start-compiler.ts"
import { warmUp } from "./warm-up.ts"

/** Lets work continue after the answer, as the platform's `waitUntil` does. */
export type WaitUntil = (work: Promise<unknown>) => void

/** The answer leaves within this time, in milliseconds. A timer of 0 would fire before. */
const AFTER_MS = 5

/**
 * A compiler is restored this long after its build, in milliseconds. That writes all of its memory and blocks the isolate for some
 * milliseconds, which the start of the built program would wait for. A build that comes before restores its compiler itself.
 */
const RESTORE_AFTER_MS = 50

/**
 * The warm-up begins this long after the first build, in milliseconds. It blocks the isolate several times, and the order whose
 * build it was goes on meanwhile: its program is started, and its answer leaves.
 */
const WARM_UP_AFTER_MS = 300

/** Lets an answer leave, and other requests run. */
const pause = (millis = AFTER_MS) => new Promise<void>((resolve) => setTimeout(resolve, millis))

/**
 * A build waits this long for a compiler, in milliseconds. Of builds that begin at once in a new isolate each reads the started compiler
 * first, and holds its slot meanwhile. Of eight large builds the last waits for two to four seconds, and for more on a slow machine.
 */
const SLOT_WAIT_MS = 10_000

/**
 * A slot stays taken for this long after its build, in milliseconds. A build takes the isolate's thread from its beginning to its end, and
 * without the rest those of a crowd follow each other at once. An answer of the network takes several turns of the thread's loop, and
 * waited for a build in each: when 32 deploys came at once, authorizations and `/health` waited for up to 1.5 s. With two slots, a build
 * that comes alone waits for nothing.
 */
const REST_MS = 5

/** How long a warm-up may take, in milliseconds. After that it counts as lost: the platform may have ended its request. */
const WARM_UP_MS = 30_000

/** A program that no build uses. */
interface IdleProgram {
  readonly program: GoProgram
  /** Whether its memory already is that of the warm compiler. */
  readonly restored: boolean
}

/**
 * The compilers of an isolate. One is paused after warm-up builds, before it saw a client's source, and its memory is copied. From
 * then on every build begins with exactly that memory. So it is as safe as a fresh instance, because no byte of another source
 * is left, and as fast as a warm one. The snapshot is only memory, so nothing in it belongs to a request.
 *
 * No build waits for the warm-up: until there is a warm compiler, each begins with the one that was started where the Worker was
 * built.
 */
export class Pool {
  readonly #wasm: WebAssembly.Module
  readonly #builds = new LeasedSlots(LIMITS.builds, SLOT_WAIT_MS, REST_MS)
  /** Builds that wait for URL imports. They hold no compiler. */
  readonly waiting = new LeasedSlots(LIMITS.waiting)
  /** The compiler that the Worker's build started, until there is a warm one. */
  #started: PausedCompiler | undefined
  #warm: PausedCompiler | undefined
  /** When the warm-up that has begun counts as lost, in milliseconds since 1970. */
  #warmUpUntil = 0
  /** Whether a build has begun. */
  #isUsed = false
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
    const build = async () => {
      const [program, handshake] = await this.#acquire(waitUntil)
      const instance = await connect(this.#wasm, program, handshake, timeoutMs)
      try {
        return await use(instance)
      } finally {
        // A grown program would stay that large. A program that has ended must become garbage before the next one takes memory.
        if (!program.isOver && program.size <= LIMITS.memoryBytes) this.#release(program, waitUntil)
      }
    }
    return this.#builds.run(timeoutMs, build, waitUntil)
  }

  /** Gives up the program that no build uses, so that its memory is free for a larger one. */
  dropIdle(): void {
    this.#idle = undefined
  }

  /**
   * Makes the warm snapshot, unless there is one or it is being made.
   *
   * @param pauseBetween is awaited before each step. Each step blocks the isolate.
   */
  async warmUp(pauseBetween: () => Promise<void> = pause): Promise<void> {
    const now = Date.now()
    if (this.#warm !== undefined || now < this.#warmUpUntil) return
    this.#warmUpUntil = now + WARM_UP_MS
    await pauseBetween()
    const started = await this.#start()
    const { handshake } = started
    const program = resumeCompiler(this.#wasm, "ordinary", started)
    await warmUp(await connect(this.#wasm, program, handshake, WARM_UP_MS), pauseBetween)
    await pauseBetween()
    const snapshot = program.snapshot()
    if (snapshot === undefined) return
    this.#warm = { snapshot, handshake }
    this.#started = undefined
    if (program.restore(snapshot, false)) this.#idle = { program, restored: true }
  }

  async #acquire(waitUntil: WaitUntil | undefined): Promise<readonly [program: GoProgram, handshake: Uint8Array]> {
    // Where nothing continues after an answer, the second build does it, and does not pause.
    if (this.#isUsed && waitUntil === undefined) await this.warmUp(async () => {}).catch(() => {})
    this.#isUsed = true
    const paused = this.#warm ?? (await this.#start())
    const { snapshot, handshake } = paused
    const idle = this.#idle
    this.#idle = undefined
    if (idle !== undefined && (idle.restored || idle.program.restore(snapshot, true))) return [idle.program, handshake]
    return [resumeCompiler(this.#wasm, "ordinary", paused), handshake]
  }

  /** Each request reads it for itself, because a promise of one request cannot be awaited in another. */
  async #start(): Promise<PausedCompiler> {
    const started = this.#started ?? (await readStart(this.#wasm, "ordinary"))
    if (this.#warm === undefined) this.#started = started
    return started
  }

  #release(program: GoProgram, waitUntil: WaitUntil | undefined): void {
    const idle: IdleProgram = { program, restored: false }
    this.#idle = idle
    if (waitUntil === undefined) return
    // If the timer never fires, the next build restores the program.
    const { snapshot } = this.#warm ?? {}
    waitUntil(
      snapshot === undefined
        ? pause(WARM_UP_AFTER_MS)
            .then(() => this.warmUp())
            .catch(() => {})
        : pause(RESTORE_AFTER_MS).then(() => this.#restore(idle, snapshot))
    )
  }

  /**
   * Takes the program out while it restores it, so that a request that the platform ends leaves no half-restored one behind.
   */
  #restore(idle: IdleProgram, snapshot: Snapshot): void {
    if (this.#idle !== idle) return
    this.#idle = undefined
    if (idle.program.restore(snapshot, true)) this.#idle = { program: idle.program, restored: true }
  }
}

/**
 * Starts one compiler for all further builds, without isolation between them. A benchmark measures the cost of that isolation
 * with it.
 */
export const startWarm = async (wasm: WebAssembly.Module): Promise<Instance> => {
  const started = await readStart(wasm, "ordinary")
  return connect(wasm, resumeCompiler(wasm, "ordinary", started), started.handshake, 3_600_000)
}
