import type { GoMemory } from "./GoMemory.ts"

/** A value that Go refers to: a constant of every host, a Go function by its id, a buffer by its length, or garbage. */
type SavedValue =
  | { readonly constant: number }
  | { readonly wrapper: number }
  | { readonly bytes: number }
  | { readonly object: true }

/** The JavaScript references of a paused program, by number. `restore` makes the values again. */
export interface SavedReferences {
  readonly values: ReadonlyArray<SavedValue>
  readonly counts: ReadonlyArray<number>
  readonly unused: ReadonlyArray<number>
}

/** Go's codes for the type of a value; all others are 0. */
const FLAGS: ReadonlyMap<string, number> = new Map([
  ["object", 1],
  ["string", 2],
  ["symbol", 3],
  ["function", 4]
])

/** The JavaScript values that a Go program refers to, by number, and how often (`syscall/js`). */
export class References {
  readonly #constants: ReadonlyArray<unknown>
  readonly #wrap: (id: number) => () => unknown
  readonly #wrappers = new WeakMap<object, number>()
  #values: Array<unknown>
  #counts: Array<number>
  #ids: Map<unknown, number>
  #unused: Array<number> = []

  /**
   * @param fixed the values that every program begins with, in Go's order; they are never released.
   * @param known further values that are the same in every host.
   * @param wrap makes the JavaScript function that calls the Go function with this id.
   */
  constructor(fixed: ReadonlyArray<unknown>, known: ReadonlyArray<unknown>, wrap: (id: number) => () => unknown) {
    this.#constants = [...fixed, ...known]
    this.#wrap = wrap
    this.#values = [...fixed]
    this.#counts = fixed.map(() => Number.POSITIVE_INFINITY)
    this.#ids = new Map(fixed.map((value, id) => [value, id] as const).slice(1))
  }

  /** Returns the JavaScript function that calls Go's function with this id. */
  wrap(id: number): () => unknown {
    const call = this.#wrap(id)
    this.#wrappers.set(call, id)
    return call
  }

  /** Returns a value's number if Go refers to it, else -1. */
  indexOf(value: unknown): number {
    return this.#values.indexOf(value)
  }

  /** Returns the value with this number. */
  valueAt(id: number): unknown {
    return this.#values[id]
  }

  /** Saves all references, without the values themselves. */
  save(): SavedReferences {
    return {
      values: this.#values.map((value) => this.#save(value)),
      counts: [...this.#counts],
      unused: [...this.#unused]
    }
  }

  /** Makes new values under the saved numbers. */
  restore({ values, counts, unused }: SavedReferences): void {
    this.#values = values.map((saved) => this.#restore(saved))
    this.#counts = [...counts]
    this.#unused = [...unused]
    const free = new Set(unused)
    this.#ids = new Map(
      this.#values.map((value, id) => [value, id] as const).filter(([, id]) => id > 0 && !free.has(id))
    )
  }

  /** Reads a value. A reference is a NaN that no computation yields, and its low half is the number. */
  load({ view }: GoMemory, address: number): unknown {
    const number = view.getFloat64(address, true)
    if (number === 0) return undefined
    return Number.isNaN(number) ? this.#values[view.getUint32(address, true)] : number
  }

  /** Reads the slice of values whose header is at the address. */
  list(memory: GoMemory, address: number): Array<unknown> {
    const start = memory.getInt64(address)
    return Array.from({ length: memory.getInt64(address + 8) }, (_, index) => this.load(memory, start + index * 8))
  }

  /** Writes a value, and counts one more reference of Go to it. */
  store({ view }: GoMemory, address: number, value: unknown): void {
    if (value === undefined || (typeof value === "number" && value !== 0 && !Number.isNaN(value))) {
      view.setFloat64(address, value ?? 0, true)
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
    const flag = value === null ? 0 : (FLAGS.get(typeof value) ?? 0)
    view.setUint32(address + 4, 0x7ff8_0000 | flag, true)
    view.setUint32(address, id, true)
  }

  /** Counts one reference less, and frees the number after the last one. */
  release(id: number): void {
    const count = (this.#counts[id] ?? 0) - 1
    this.#counts[id] = count
    if (count !== 0) return
    this.#ids.delete(this.#values[id])
    this.#values[id] = null
    this.#unused.push(id)
  }

  #save(value: unknown): SavedValue {
    const constant = this.#constants.findIndex((it) => Object.is(it, value))
    if (constant >= 0) return { constant }
    if (value instanceof Uint8Array) return { bytes: value.length }
    const wrapper = typeof value === "function" ? this.#wrappers.get(value) : undefined
    // Go's garbage collector has not released this value of a finished call yet.
    return wrapper === undefined ? { object: true } : { wrapper }
  }

  #restore(saved: SavedValue): unknown {
    if ("constant" in saved) return this.#constants[saved.constant]
    if ("wrapper" in saved) return this.wrap(saved.wrapper)
    return "bytes" in saved ? new Uint8Array(saved.bytes) : {}
  }
}
