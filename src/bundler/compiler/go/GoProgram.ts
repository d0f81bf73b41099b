import { GoExit, makeImports } from "./imports.ts"
import { GoMemory } from "./GoMemory.ts"
import { type SavedReferences, References } from "./References.ts"
import { VirtualFs } from "../VirtualFs.ts"

export { GoExit } from "./imports.ts"

/** A Go program exports this (`GOOS=js GOARCH=wasm`). */
interface GoExports {
  readonly run: (argc: number, argv: number) => void
  readonly resume: () => void
  /** The stack pointer. */
  readonly getsp: () => number
  readonly mem: WebAssembly.Memory
}

type Reply = (error: unknown, result?: unknown) => void

/** A read of standard input that waits for bytes. */
interface Read {
  readonly buffer: Uint8Array
  readonly reply: Reply
}

/** A call from outside, as Go's runtime looks for it. */
interface Event {
  readonly id: number
  readonly this: unknown
  readonly args: ArrayLike<unknown>
  result?: unknown
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const CONSTANTS = { O_WRONLY: -1, O_RDWR: -1, O_CREAT: -1, O_TRUNC: -1, O_APPEND: -1, O_EXCL: -1, O_DIRECTORY: -1 }

/** The disk of a program that was given none. */
const EMPTY = new VirtualFs(new Map())

/**
 * A paused program: all of its memory, and what it knows of JavaScript. Of the registers only the stack pointer lives
 * through a pause, and every pause finds it at the same place.
 */
export interface Snapshot {
  /** The rest is zero. */
  readonly memory: Uint8Array
  readonly sp: number
  readonly references: SavedReferences
  /** The numbers of the buffer and of the function that its waiting read refers to. */
  readonly reading: readonly [buffer: number, reply: number]
}

/** How much memory a program has, in bytes. */
export interface MemoryLimits {
  /** From the start: growing costs V8 a full garbage collection each time. It takes none that is not used. */
  readonly initial: number
  /** A program that grows beyond is over. */
  readonly maximal: number
}

/**
 * Runs a Go program that reads standard input and writes standard output; the counterpart of Go's `wasm_exec.js`. That one
 * hides its state, and this one's can be taken and put back. Whatever calls into the program throws `GoExit` once it is over.
 */
export class GoProgram {
  readonly #exports: GoExports
  readonly #memory: GoMemory
  readonly #limits: MemoryLimits
  #references!: References
  #event: { _pendingEvent: Event | null; _makeFuncWrapper: (id: number) => unknown } | undefined
  #input: Array<Uint8Array> = []
  #position = 0
  #reading: Read | undefined
  #stderr = ""
  #over: GoExit | undefined
  /** Takes what the program writes. The bytes are the receiver's. */
  onOutput: (bytes: Uint8Array) => void = () => {}
  /** The program finds this on its disk. */
  files: VirtualFs = EMPTY

  /** @throws {GoExit} when the module is no Go program, or there is not so much memory. */
  constructor(module: WebAssembly.Module, limits: MemoryLimits) {
    this.#limits = limits
    let exports: unknown
    try {
      exports = new WebAssembly.Instance(module, { gojs: this.#imports() }).exports
    } catch (cause) {
      throw new GoExit("The module cannot be instantiated", { cause })
    }
    if (!isGo(exports)) throw new GoExit("The module is not a Go program")
    this.#exports = exports
    this.#memory = new GoMemory(exports.mem)
    this.#reset()
  }

  /** Bytes of memory; it never shrinks. */
  get size(): number {
    return this.#memory.size
  }

  /** Whether it has ended, and cannot go on. */
  get isOver(): boolean {
    return this.#over !== undefined
  }

  /** Runs the program until it waits for input. */
  start(args: ReadonlyArray<string>, environment: Readonly<Record<string, string>>): void {
    // Go's heap takes all that there is when it starts, before it lets the memory grow.
    this.#guard(() => this.#memory.reserve(this.#limits.initial))
    // The linker keeps the memory from 4096 to 12288 free for this.
    let offset = 4096
    const put = (text: string): number => {
      const start = offset
      const bytes = encoder.encode(`${text}\0`)
      this.#memory.at(start, bytes.length).set(bytes)
      offset += Math.ceil(bytes.length / 8) * 8
      return start
    }
    const variables = Object.entries(environment).map(([name, value]) => put(`${name}=${value}`))
    const pointers = [...args.map(put), 0, ...variables, 0]
    const argv = offset
    for (const [index, pointer] of pointers.entries()) this.#memory.setInt64(argv + index * 8, pointer)
    this.#guard(() => this.#exports.run(args.length, argv))
  }

  /** Gives the program input, and runs it until it waits for more. */
  write(bytes: Uint8Array): void {
    if (this.#over !== undefined) throw this.#over
    if (bytes.length === 0) return
    this.#input.push(bytes)
    const reading = this.#reading
    if (reading === undefined) return
    this.#reading = undefined
    this.#guard(() => this.#read(reading))
  }

  /** Takes the state of a program that waits for input and has read all there was; `undefined` when it does not. */
  snapshot(): Snapshot | undefined {
    if (this.#over !== undefined || this.#reading === undefined || this.#input.length > 0) return undefined
    const { buffer, reply } = this.#reading
    return {
      memory: this.#memory.save(),
      sp: this.#exports.getsp(),
      references: this.#references.save(),
      reading: [this.#references.indexOf(buffer), this.#references.indexOf(reply)]
    }
  }

  /**
   * Makes this program the one that the snapshot was taken of: every byte of memory, and nothing else is left of what it
   * was.
   *
   * @param used whether it ran for anybody: then all of its memory is written to, else only what its start has.
   * @returns whether it is: a program that is over, or paused elsewhere, cannot be.
   */
  restore({ memory, sp, references, reading: [buffer, reply] }: Snapshot, used: boolean): boolean {
    if (this.#over !== undefined || this.#reading === undefined || this.#exports.getsp() !== sp) return false
    this.#memory.load(memory, used ? this.size : this.#memory.end())
    this.#reset()
    this.#references.restore(references)
    this.#reading = {
      buffer: this.#references.valueAt(buffer) as Uint8Array,
      reply: this.#references.valueAt(reply) as Reply
    }
    return true
  }

  /** A program that knows nothing yet of JavaScript but the values that every one begins with. */
  #reset(): void {
    this.#input = []
    this.#position = 0
    this.#reading = undefined
    this.#stderr = ""
    this.onOutput = () => {}
    this.files = EMPTY
    const fs = {
      constants: CONSTANTS,
      write: (fd: number, bytes: Uint8Array, _offset: number, length: number, _position: unknown, reply: Reply) => {
        this.#output(fd, bytes)
        reply(null, length)
      },
      read: (fd: number, buffer: Uint8Array, offset: number, length: number, position: unknown, reply: Reply) =>
        fd === 0 ? this.#read({ buffer, reply }) : this.files.read(fd, buffer, offset, length, position, reply),
      open: (path: string, flags: unknown, mode: unknown, reply: Reply) => this.files.open(path, flags, mode, reply),
      stat: (path: string, reply: Reply) => this.files.stat(path, reply),
      lstat: (path: string, reply: Reply) => this.files.lstat(path, reply),
      fstat: (fd: number, reply: Reply) => this.files.fstat(fd, reply),
      close: (fd: number, reply: Reply) => this.files.close(fd, reply),
      readdir: (path: string, reply: Reply) => this.files.readdir(path, reply),
      readlink: (path: string, reply: Reply) => this.files.readlink(path, reply)
    }
    const process = { pid: -1, ppid: -1 }
    const path = { resolve: (path: string) => path }
    const global = { Array, Object, Uint8Array, fs, process, path }
    this.#event = { _pendingEvent: null, _makeFuncWrapper: (id) => this.#references.wrap(id) }
    this.#references = new References(
      [Number.NaN, 0, null, true, false, global, this.#event],
      [fs, process, path, CONSTANTS, Array, Object, Uint8Array],
      (id) => this.#callback(id)
    )
  }

  #callback(id: number): (...args: ReadonlyArray<unknown>) => unknown {
    return (...args) => {
      const event: Event = { id, this: undefined, args }
      if (this.#event !== undefined) this.#event._pendingEvent = event
      this.#exports.resume()
      return event.result
    }
  }

  /** An error that escapes has unwound the stack: the program cannot go on. */
  #guard(run: () => void): void {
    if (this.#over !== undefined) throw this.#over
    try {
      run()
    } catch (error) {
      this.#over ??= error instanceof GoExit ? error : new GoExit(String(error), { cause: error })
      throw this.#over
    }
  }

  #read({ buffer, reply }: Read): void {
    const first = this.#input[0]
    if (first === undefined) {
      this.#reading = { buffer, reply }
      return
    }
    const count = Math.min(buffer.length, first.length - this.#position)
    buffer.set(first.subarray(this.#position, this.#position + count))
    this.#position += count
    if (this.#position === first.length) {
      this.#input.shift()
      this.#position = 0
    }
    reply(null, count)
  }

  #output(fd: number, bytes: Uint8Array): void {
    if (fd === 1) this.onOutput(bytes)
    else this.#stderr = (this.#stderr + decoder.decode(bytes)).slice(0, 500)
  }

  #imports(): Readonly<Record<string, (sp: number) => void>> {
    return makeImports({
      memory: () => this.#memory,
      references: () => this.#references,
      sp: () => this.#exports.getsp() >>> 0,
      isOver: () => this.#over !== undefined,
      output: (fd, bytes) => this.#output(fd, bytes),
      exit: (code) => {
        const reason = this.#stderr.split("\n").find((line) => line !== "") ?? ""
        throw new GoExit(`exit code ${code}${reason === "" ? "" : `: ${reason}`}`)
      },
      grown: () => {
        const { maximal } = this.#limits
        if (this.size > maximal) throw new GoExit(`it needs more than ${maximal / 1024 / 1024} MB of memory`)
      }
    })
  }
}

const isGo = (exports: unknown): exports is GoExports =>
  typeof exports === "object" &&
  exports !== null &&
  "mem" in exports &&
  ["run", "resume", "getsp"].every((name) => typeof Reflect.get(exports, name) === "function")
