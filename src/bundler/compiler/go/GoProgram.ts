import { makeGlobals, type Reply } from "./globals.ts"
import { GoExit, makeImports } from "./imports.ts"
import { GoMemory } from "./GoMemory.ts"
import { type SavedReferences, References } from "./References.ts"
import { VirtualFs } from "../VirtualFs.ts"

export { GoExit } from "./imports.ts"

/** The registers of Go's machine: the globals of its module, in their order. `build/compiler.mjs` exports them by these names. */
export const REGISTERS = ["SP", "CTXT", "g", "RET0", "RET1", "RET2", "RET3", "PAUSE"] as const

/** The values of the registers, of 32 or of 64 bits. */
export type Registers = ReadonlyArray<number | bigint>

/** A Go program exports this (`GOOS=js GOARCH=wasm`), and `build/compiler.mjs` adds the registers. */
interface GoExports extends Readonly<Record<(typeof REGISTERS)[number], { value: unknown }>> {
  readonly run: (argc: number, argv: number) => void
  readonly resume: () => void
  /** The stack pointer. */
  readonly getsp: () => number
  readonly mem: WebAssembly.Memory
}

/** A read of standard input that waits for bytes. */
interface Read {
  readonly buffer: Uint8Array
  readonly reply: Reply
}

/** A call into Go, in the form that its runtime reads. */
interface Event {
  readonly id: number
  readonly this: unknown
  readonly args: ArrayLike<unknown>
  result?: unknown
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The files of a program without any. */
const EMPTY = new VirtualFs(new Map())

/** A paused program: its memory, its registers and its references to JavaScript values. A pause leaves nothing on the stack of wasm. */
export interface Snapshot {
  /** All bytes after it are zero. */
  readonly memory: Uint8Array
  readonly registers: Registers
  readonly references: SavedReferences
  /** The numbers of the buffer and of the function that its waiting read refers to. */
  readonly reading: readonly [buffer: number, reply: number]
}

/** How much memory a program has, in bytes. */
export interface MemoryLimits {
  /** At the start, because each growth costs V8 a full garbage collection. Unused memory takes no space. */
  readonly initial: number
  /** A program that grows beyond this ends. */
  readonly maximal: number
}

/**
 * Runs a Go program that reads standard input and writes standard output, like Go's `wasm_exec.js`. That one hides its state,
 * and the state of this one can be saved and restored. Every call into a program that has ended throws `GoExit`.
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
  /** Whether all memory is zero. */
  #isFresh = true
  /** Receives the program's output. The bytes belong to the receiver. */
  onOutput: (bytes: Uint8Array) => void = () => {}
  /** The files that the program can read. */
  files: VirtualFs = EMPTY

  /** @throws {GoExit} if the module is not a Go program, or there is not enough memory. */
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
    // Go's heap takes all existing memory at the start, and grows it afterwards.
    this.#guard(() => this.#memory.reserve(limits.initial))
    this.#reset()
  }

  /** Returns the bytes of memory; they never shrink. */
  get size(): number {
    return this.#memory.size
  }

  /** Whether the program has ended. */
  get isOver(): boolean {
    return this.#over !== undefined
  }

  /** Runs the program until it waits for input. Its module must have its data, which `build/compiler.mjs` takes out. */
  start(args: ReadonlyArray<string>, environment: Readonly<Record<string, string>>): void {
    this.#isFresh = false
    // The linker keeps the memory from 4096 to 12288 free for the arguments.
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

  /** Saves the state of a program that waits for input; `undefined` if it does not wait, or has unread input. */
  snapshot(): Snapshot | undefined {
    if (this.#over !== undefined || this.#reading === undefined || this.#input.length > 0) return undefined
    const { buffer, reply } = this.#reading
    return {
      memory: this.#memory.save(),
      registers: REGISTERS.map((name) => this.#exports[name].value as number | bigint),
      references: this.#references.save(),
      reading: [this.#references.indexOf(buffer), this.#references.indexOf(reply)]
    }
  }

  /**
   * Restores the program of the snapshot: every byte of memory and all references. No former state remains.
   *
   * @param used whether a build has used this program. Then all of its memory is overwritten, else only the part of its start.
   * @returns whether it succeeded. It fails for a program that has ended, or does not wait for input.
   */
  restore({ memory, registers, references, reading: [buffer, reply] }: Snapshot, used: boolean): boolean {
    if (this.#over !== undefined || (!this.#isFresh && this.#reading === undefined)) return false
    this.#memory.load(memory, this.#isFresh ? 0 : used ? this.size : this.#memory.end())
    this.#isFresh = false
    for (const [index, name] of REGISTERS.entries()) this.#exports[name].value = registers[index]
    this.#reset()
    this.#references.restore(references)
    this.#reading = {
      buffer: this.#references.valueAt(buffer) as Uint8Array,
      reply: this.#references.valueAt(reply) as Reply
    }
    return true
  }

  /** Resets the input, the output and the references to those that every program begins with. */
  #reset(): void {
    this.#input = []
    this.#position = 0
    this.#reading = undefined
    this.#stderr = ""
    this.onOutput = () => {}
    this.files = EMPTY
    const globals = makeGlobals({
      read: (buffer, reply) => this.#read({ buffer, reply }),
      write: (fd, bytes) => this.#output(fd, bytes),
      files: () => this.files
    })
    this.#event = { _pendingEvent: null, _makeFuncWrapper: (id) => this.#references.wrap(id) }
    this.#references = new References(
      [Number.NaN, 0, null, true, false, globals.global, this.#event],
      globals.known,
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

  /** Runs a part of the program. An error that escapes has unwound Go's stack, so the program has ended. */
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
  REGISTERS.every((name) => name in exports) &&
  ["resume", "getsp"].every((name) => typeof Reflect.get(exports, name) === "function")
