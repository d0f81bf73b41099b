/** What a Go program exports (`GOOS=js GOARCH=wasm`). */
interface GoExports {
  readonly run: (argc: number, argv: number) => void
  readonly resume: () => void
  /** The stack pointer. */
  readonly getsp: () => number
  readonly mem: WebAssembly.Memory
}

/** The program is over: it left by itself, trapped, or was asked for something that this host has not. */
export class GoExit extends Error {
  override readonly name = "GoExit"
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

const notImplemented = (...args: ReadonlyArray<unknown>): void =>
  (args.at(-1) as Reply)(Object.assign(new Error("not implemented on js"), { code: "ENOSYS" }))

/** What JavaScript knows of a paused program. References are by number: what was in place then is made anew. */
interface Remembered {
  readonly kinds: ReadonlyArray<Kind>
  readonly counts: ReadonlyArray<number>
  readonly unused: ReadonlyArray<number>
  readonly reading: readonly [buffer: number, reply: number]
}

/** A value that Go refers to: the same in every host, a function of Go's by its id, a buffer by its length, or nothing. */
type Kind =
  | { readonly constant: number }
  | { readonly wrapper: number }
  | { readonly bytes: number }
  | { readonly object: true }

/**
 * A paused program: all of its memory, and what JavaScript knew of it. Of the registers only the stack pointer lives
 * through a pause, and every pause finds it at the same place.
 */
export interface Snapshot {
  readonly memory: Uint8Array
  readonly sp: number
  readonly remembered: Remembered
}

/**
 * Runs a Go program that reads standard input and writes standard output; the counterpart of Go's `wasm_exec.js`. That one
 * hides its state, and this one's can be taken and put back. Whatever calls into the program throws `GoExit` once it is over.
 */
export class GoProgram {
  readonly #exports: GoExports
  #view: DataView
  #values: Array<unknown> = []
  #counts: Array<number> = []
  #ids = new Map<unknown, number>()
  #unused: Array<number> = []
  #wrappers = new WeakMap<object, number>()
  #input: Array<Uint8Array> = []
  #position = 0
  #reading: Read | undefined
  #stderr = ""
  #timers = 1
  #over: GoExit | undefined
  #constants: ReadonlyArray<unknown> = []
  #event: { _pendingEvent: Event | null; _makeFuncWrapper: (id: number) => unknown } | undefined
  /** Takes what the program writes. The bytes are the receiver's. */
  onOutput: (bytes: Uint8Array) => void = () => {}

  /** @throws {GoExit} when the module is no Go program. */
  constructor(module: WebAssembly.Module) {
    let exports: unknown
    try {
      exports = new WebAssembly.Instance(module, { gojs: this.#imports() }).exports
    } catch (cause) {
      throw new GoExit("The module cannot be instantiated", { cause })
    }
    if (!isGo(exports)) throw new GoExit("The module is not a Go program")
    this.#exports = exports
    this.#view = new DataView(exports.mem.buffer)
    this.#reset()
  }

  /** Bytes of memory; it never shrinks. */
  get size(): number {
    return this.#exports.mem.buffer.byteLength
  }

  /** Runs the program until it waits for input. */
  start(args: ReadonlyArray<string>, environment: Readonly<Record<string, string>>): void {
    // The linker keeps the memory from 4096 to 12288 free for this.
    let offset = 4096
    const put = (text: string): number => {
      const start = offset
      const bytes = encoder.encode(`${text}\0`)
      new Uint8Array(this.#exports.mem.buffer).set(bytes, start)
      offset += Math.ceil(bytes.length / 8) * 8
      return start
    }
    const variables = Object.entries(environment).map(([name, value]) => put(`${name}=${value}`))
    const pointers = [...args.map(put), 0, ...variables, 0]
    const argv = offset
    for (const [index, pointer] of pointers.entries()) this.#setInt64(argv + index * 8, pointer)
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
    const remembered: Remembered = {
      kinds: this.#values.map((value) => this.#kindOf(value)),
      counts: [...this.#counts],
      unused: [...this.#unused],
      reading: [this.#values.indexOf(this.#reading.buffer), this.#values.indexOf(this.#reading.reply)]
    }
    return { memory: new Uint8Array(this.#exports.mem.buffer).slice(), sp: this.#exports.getsp(), remembered }
  }

  /**
   * Makes this program the one that the snapshot was taken of: every byte of memory, and nothing else is left of what it
   * was.
   *
   * @param dirty bytes beyond the snapshot's memory that may have been written to.
   * @returns whether it is: a program that is over, or paused elsewhere, cannot be.
   */
  restore({ memory, sp, remembered }: Snapshot, dirty: number): boolean {
    if (this.#over !== undefined || this.#reading === undefined || this.#exports.getsp() !== sp) return false
    const missing = memory.length - this.size
    if (missing > 0) this.#exports.mem.grow(Math.ceil(missing / 65_536))
    const target = new Uint8Array(this.#exports.mem.buffer)
    target.set(memory)
    target.fill(0, memory.length, memory.length + dirty)
    this.#reset()
    this.#values = remembered.kinds.map((kind) => this.#valueOf(kind))
    this.#counts = [...remembered.counts]
    this.#unused = [...remembered.unused]
    const unused = new Set(this.#unused)
    this.#ids = new Map(
      this.#values.map((value, id) => [value, id] as const).filter(([, id]) => id > 0 && !unused.has(id))
    )
    const [buffer, reply] = remembered.reading
    this.#reading = { buffer: this.#values[buffer] as Uint8Array, reply: this.#values[reply] as Reply }
    return true
  }

  /** A program that knows nothing yet of JavaScript but the values that every one begins with. */
  #reset(): void {
    this.#view = new DataView(this.#exports.mem.buffer)
    this.#input = []
    this.#position = 0
    this.#reading = undefined
    this.#stderr = ""
    this.#wrappers = new WeakMap()
    this.onOutput = () => {}
    const fs = {
      constants: CONSTANTS,
      write: (fd: number, bytes: Uint8Array, _offset: number, length: number, _position: unknown, reply: Reply) => {
        this.#output(fd, bytes)
        reply(null, length)
      },
      read: (_fd: number, buffer: Uint8Array, _offset: number, _length: number, _position: unknown, reply: Reply) =>
        this.#read({ buffer, reply }),
      ...Object.fromEntries(
        ["open", "stat", "lstat", "fstat", "close", "readdir"].map((name) => [name, notImplemented])
      )
    }
    const process = { pid: -1, ppid: -1 }
    const path = {}
    const global = { Array, Object, Uint8Array, fs, process, path }
    this.#event = { _pendingEvent: null, _makeFuncWrapper: (id) => this.#wrap(id) }
    const fixed = [Number.NaN, 0, null, true, false, global, this.#event]
    this.#constants = [...fixed, fs, process, path, CONSTANTS, Array, Object, Uint8Array]
    this.#values = [...fixed]
    this.#counts = fixed.map(() => Number.POSITIVE_INFINITY)
    this.#ids = new Map(fixed.map((value, id) => [value, id] as const).slice(1))
    this.#unused = []
  }

  #kindOf(value: unknown): Kind {
    const constant = this.#constants.findIndex((it) => Object.is(it, value))
    if (constant >= 0) return { constant }
    if (value instanceof Uint8Array) return { bytes: value.length }
    const wrapper = typeof value === "function" ? this.#wrappers.get(value) : undefined
    // Leftovers of calls that are over, which the garbage collector of Go has not come to.
    return wrapper === undefined ? { object: true } : { wrapper }
  }

  #valueOf(kind: Kind): unknown {
    if ("constant" in kind) return this.#constants[kind.constant]
    if ("wrapper" in kind) return this.#wrap(kind.wrapper)
    return "bytes" in kind ? new Uint8Array(kind.bytes) : {}
  }

  /** Go's function with this id, as JavaScript calls it. */
  #wrap(id: number): unknown {
    const call = (...args: ReadonlyArray<unknown>): unknown => {
      const event: Event = { id, this: undefined, args }
      if (this.#event !== undefined) this.#event._pendingEvent = event
      this.#exports.resume()
      return event.result
    }
    this.#wrappers.set(call, id)
    return call
  }

  /** Whatever escapes from the program has unwound its stack: it cannot go on. */
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

  #setInt64(address: number, value: number): void {
    this.#view.setUint32(address, value, true)
    this.#view.setUint32(address + 4, Math.floor(value / 4_294_967_296), true)
  }

  #getInt64(address: number): number {
    return this.#view.getUint32(address, true) + this.#view.getInt32(address + 4, true) * 4_294_967_296
  }

  /** References are the NaNs that no computation yields: their low half is the value's id. */
  #load(address: number): unknown {
    const number = this.#view.getFloat64(address, true)
    if (number === 0) return undefined
    return Number.isNaN(number) ? this.#values[this.#view.getUint32(address, true)] : number
  }

  #store(address: number, value: unknown): void {
    if (typeof value === "number" && value !== 0 && !Number.isNaN(value)) {
      this.#view.setFloat64(address, value, true)
      return
    }
    if (value === undefined) {
      this.#view.setFloat64(address, 0, true)
      return
    }
    let id = Number.isNaN(value) ? 0 : this.#ids.get(value)
    if (id === undefined) {
      id = this.#unused.pop() ?? this.#values.length
      this.#values[id] = value
      this.#counts[id] = 0
      this.#ids.set(value, id)
    }
    this.#counts[id] = (this.#counts[id] ?? 0) + 1
    const flag = value === null ? 0 : ({ object: 1, string: 2, symbol: 3, function: 4 }[typeof value as string] ?? 0)
    this.#view.setUint32(address + 4, 0x7ff8_0000 | flag, true)
    this.#view.setUint32(address, id, true)
  }

  #bytes(address: number): Uint8Array {
    return new Uint8Array(this.#exports.mem.buffer, this.#getInt64(address), this.#getInt64(address + 8))
  }

  #text(address: number): string {
    return decoder.decode(this.#bytes(address))
  }

  #list(address: number): Array<unknown> {
    const start = this.#getInt64(address)
    return Array.from({ length: this.#getInt64(address + 8) }, (_, index) => this.#load(start + index * 8))
  }

  /** A call may run Go again and move its stack, so that where the result goes is only known afterwards. */
  #call(run: () => unknown, at: number): void {
    let result: unknown
    let succeeded = 1
    try {
      result = run()
    } catch (error) {
      // A trap further in is nothing that Go could handle.
      if (this.#over !== undefined || error instanceof GoExit || isTrap(error)) throw error
      result = error
      succeeded = 0
    }
    const sp = this.#exports.getsp() >>> 0
    this.#store(sp + at, result)
    this.#view.setUint8(sp + at + 8, succeeded)
  }

  #copy(target: unknown, source: unknown, at: number): void {
    const fits = target instanceof Uint8Array && source instanceof Uint8Array
    if (fits) {
      const bytes = source.subarray(0, target.length)
      target.set(bytes)
      this.#setInt64(at, bytes.length)
    }
    this.#view.setUint8(at + 8, fits ? 1 : 0)
  }

  /** What Go imports: its runtime's services and `syscall/js`. Every function is given the stack pointer. */
  #imports(): Record<string, (sp: number) => void> {
    const imports: Record<string, (sp: number) => void> = {
      "runtime.wasmExit": (sp) => {
        const reason = this.#stderr.split("\n").find((line) => line !== "") ?? ""
        throw new GoExit(`exit code ${this.#view.getInt32(sp + 8, true)}${reason === "" ? "" : `: ${reason}`}`)
      },
      "runtime.wasmWrite": (sp) =>
        this.#output(
          this.#getInt64(sp + 8),
          new Uint8Array(this.#exports.mem.buffer, this.#getInt64(sp + 16), this.#view.getInt32(sp + 24, true)).slice()
        ),
      "runtime.resetMemoryDataView": () => {
        this.#view = new DataView(this.#exports.mem.buffer)
      },
      "runtime.nanotime1": (sp) => this.#setInt64(sp + 8, (performance.timeOrigin + performance.now()) * 1e6),
      "runtime.walltime": (sp) => {
        const now = Date.now()
        this.#setInt64(sp + 8, now / 1000)
        this.#view.setInt32(sp + 16, (now % 1000) * 1e6, true)
      },
      // The only timers are a pause before it forgets a build and the scheduler's: they would fire into another request.
      "runtime.scheduleTimeoutEvent": (sp) => this.#view.setInt32(sp + 16, this.#timers++, true),
      "runtime.clearTimeoutEvent": () => {},
      "runtime.getRandomData": (sp) => {
        crypto.getRandomValues(this.#bytes(sp + 8) as Uint8Array<ArrayBuffer>) // never shared: one thread
      },
      "syscall/js.finalizeRef": (sp) => {
        const id = this.#view.getUint32(sp + 8, true)
        const count = (this.#counts[id] ?? 0) - 1
        this.#counts[id] = count
        if (count !== 0) return
        this.#ids.delete(this.#values[id])
        this.#values[id] = null
        this.#unused.push(id)
      },
      "syscall/js.stringVal": (sp) => this.#store(sp + 24, this.#text(sp + 8)),
      "syscall/js.valueGet": (sp) => {
        const value: unknown = Reflect.get(this.#load(sp + 8) as object, this.#text(sp + 16))
        this.#store((this.#exports.getsp() >>> 0) + 32, value)
      },
      "syscall/js.valueSet": (sp) => {
        Reflect.set(this.#load(sp + 8) as object, this.#text(sp + 16), this.#load(sp + 32))
      },
      "syscall/js.valueIndex": (sp) =>
        this.#store(sp + 24, Reflect.get(this.#load(sp + 8) as object, this.#getInt64(sp + 16))),
      "syscall/js.valueSetIndex": (sp) => {
        Reflect.set(this.#load(sp + 8) as object, this.#getInt64(sp + 16), this.#load(sp + 24))
      },
      "syscall/js.valueCall": (sp) =>
        this.#call(() => {
          const target = this.#load(sp + 8) as object
          const method = Reflect.get(target, this.#text(sp + 16)) as (...args: Array<unknown>) => unknown
          return Reflect.apply(method, target, this.#list(sp + 32))
        }, 56),
      "syscall/js.valueNew": (sp) =>
        this.#call(
          () => Reflect.construct(this.#load(sp + 8) as new () => unknown, this.#list(sp + 16)) as unknown,
          40
        ),
      "syscall/js.valueLength": (sp) => this.#setInt64(sp + 16, (this.#load(sp + 8) as ArrayLike<unknown>).length),
      "syscall/js.valuePrepareString": (sp) => {
        const bytes = encoder.encode(String(this.#load(sp + 8)))
        this.#store(sp + 16, bytes)
        this.#setInt64(sp + 24, bytes.length)
      },
      "syscall/js.valueLoadString": (sp) => this.#bytes(sp + 16).set(this.#load(sp + 8) as Uint8Array),
      "syscall/js.copyBytesToGo": (sp) => this.#copy(this.#bytes(sp + 8), this.#load(sp + 32), sp + 40),
      "syscall/js.copyBytesToJS": (sp) => this.#copy(this.#load(sp + 8), this.#bytes(sp + 16), sp + 40)
    }
    return Object.fromEntries(Object.entries(imports).map(([name, run]) => [name, (sp: number): void => run(sp >>> 0)]))
  }
}

const isGo = (exports: unknown): exports is GoExports =>
  typeof exports === "object" &&
  exports !== null &&
  "mem" in exports &&
  ["run", "resume", "getsp"].every((name) => typeof Reflect.get(exports, name) === "function")

/** Stack overflow is a `RangeError`, the rest `WebAssembly.RuntimeError`. */
const isTrap = (error: unknown): boolean => error instanceof RangeError || error instanceof WebAssembly.RuntimeError
