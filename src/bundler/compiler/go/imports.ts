import type { GoMemory } from "./GoMemory.ts"
import type { References } from "./References.ts"

/** The program has ended: it exited, trapped, or needed something that this host does not have. */
export class GoExit extends Error {
  override readonly name = "GoExit"
}

/**
 * The state that Go's runtime works on. The members are functions, because memory exists only after the imports, and references
 * are replaced.
 */
export interface GoHost {
  readonly memory: () => GoMemory
  readonly references: () => References
  /** The stack pointer. */
  readonly sp: () => number
  /** Whether the program has ended. */
  readonly isOver: () => boolean
  /** Receives output for a file descriptor. The bytes belong to the receiver. */
  readonly output: (fd: number, bytes: Uint8Array) => void
  /** @throws {GoExit} always. */
  readonly exit: (code: number) => never
  /** @throws {GoExit} when the memory has become too large. */
  readonly grown: () => void
}

const encoder = new TextEncoder()

/** Whether an error is a trap. Stack overflow is a `RangeError`, the rest `WebAssembly.RuntimeError`. */
const isTrap = (error: unknown): boolean => error instanceof RangeError || error instanceof WebAssembly.RuntimeError

/** Makes a call for Go. The call may run Go again and move its stack, so the address of the result is known only afterwards. */
const call = (host: GoHost, run: () => unknown, at: number): void => {
  let result: unknown
  let succeeded = 1
  try {
    result = run()
  } catch (error) {
    // Go cannot handle a trap of an inner call.
    if (host.isOver() || error instanceof GoExit || isTrap(error)) throw error
    result = error
    succeeded = 0
  }
  const sp = host.sp()
  host.references().store(host.memory(), sp + at, result)
  host.memory().view.setUint8(sp + at + 8, succeeded)
}

const copyBytes = (memory: GoMemory, target: unknown, source: unknown, at: number): void => {
  const fits = target instanceof Uint8Array && source instanceof Uint8Array
  if (fits) {
    const bytes = source.subarray(0, target.length)
    target.set(bytes)
    memory.setInt64(at, bytes.length)
  }
  memory.view.setUint8(at + 8, fits ? 1 : 0)
}

type Imports = Readonly<Record<string, (sp: number) => void>>

const runtime = (host: GoHost): Imports => {
  let timers = 1
  return {
    "runtime.wasmExit": (sp) => host.exit(host.memory().view.getInt32(sp + 8, true)),
    "runtime.wasmWrite": (sp) => {
      const memory = host.memory()
      const length = memory.view.getInt32(sp + 24, true)
      host.output(memory.getInt64(sp + 8), memory.at(memory.getInt64(sp + 16), length).slice())
    },
    "runtime.resetMemoryDataView": () => {
      host.memory().refresh()
      host.grown()
    },
    "runtime.nanotime1": (sp) => host.memory().setInt64(sp + 8, (performance.timeOrigin + performance.now()) * 1e6),
    "runtime.walltime": (sp) => {
      const now = Date.now()
      host.memory().setInt64(sp + 8, now / 1000)
      host.memory().view.setInt32(sp + 16, (now % 1000) * 1e6, true)
    },
    // The only timers are the scheduler's and a pause before Go drops a build's data. They would fire during another request.
    "runtime.scheduleTimeoutEvent": (sp) => host.memory().view.setInt32(sp + 16, timers++, true),
    "runtime.clearTimeoutEvent": () => {},
    "runtime.getRandomData": (sp) => {
      crypto.getRandomValues(host.memory().bytes(sp + 8) as Uint8Array<ArrayBuffer>) // the memory of one thread is never shared
    }
  }
}

const javaScript = (host: GoHost): Imports => {
  const load = (address: number): unknown => host.references().load(host.memory(), address)
  const store = (address: number, value: unknown): void => host.references().store(host.memory(), address, value)
  const text = (address: number): string => host.memory().text(address)
  const list = (address: number): Array<unknown> => host.references().list(host.memory(), address)
  return {
    "syscall/js.finalizeRef": (sp) => host.references().release(host.memory().view.getUint32(sp + 8, true)),
    "syscall/js.stringVal": (sp) => store(sp + 24, text(sp + 8)),
    "syscall/js.valueGet": (sp) => {
      const value: unknown = Reflect.get(load(sp + 8) as object, text(sp + 16))
      store(host.sp() + 32, value)
    },
    "syscall/js.valueSet": (sp) => {
      Reflect.set(load(sp + 8) as object, text(sp + 16), load(sp + 32))
    },
    "syscall/js.valueIndex": (sp) =>
      store(sp + 24, Reflect.get(load(sp + 8) as object, host.memory().getInt64(sp + 16))),
    "syscall/js.valueSetIndex": (sp) => {
      Reflect.set(load(sp + 8) as object, host.memory().getInt64(sp + 16), load(sp + 24))
    },
    "syscall/js.valueCall": (sp) =>
      call(
        host,
        () => {
          const target = load(sp + 8) as object
          const method = Reflect.get(target, text(sp + 16)) as (...args: Array<unknown>) => unknown
          return Reflect.apply(method, target, list(sp + 32))
        },
        56
      ),
    "syscall/js.valueNew": (sp) =>
      call(host, () => Reflect.construct(load(sp + 8) as new () => unknown, list(sp + 16)) as unknown, 40),
    "syscall/js.valueLength": (sp) => host.memory().setInt64(sp + 16, (load(sp + 8) as ArrayLike<unknown>).length),
    "syscall/js.valuePrepareString": (sp) => {
      const bytes = encoder.encode(String(load(sp + 8)))
      store(sp + 16, bytes)
      host.memory().setInt64(sp + 24, bytes.length)
    },
    "syscall/js.valueLoadString": (sp) =>
      host
        .memory()
        .bytes(sp + 16)
        .set(load(sp + 8) as Uint8Array),
    "syscall/js.copyBytesToGo": (sp) => copyBytes(host.memory(), host.memory().bytes(sp + 8), load(sp + 32), sp + 40),
    "syscall/js.copyBytesToJS": (sp) => copyBytes(host.memory(), load(sp + 8), host.memory().bytes(sp + 16), sp + 40)
  }
}

/** Go imports these: its runtime's services and `syscall/js`. Every function takes the stack pointer. */
export const makeImports = (host: GoHost): Imports =>
  Object.fromEntries(
    Object.entries({ ...runtime(host), ...javaScript(host) }).map(([name, run]) => [
      name,
      (sp: number): void => run(sp >>> 0)
    ])
  )
