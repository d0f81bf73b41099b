const decoder = new TextDecoder()

/** A page of WebAssembly memory, in bytes. */
const PAGE = 65_536

/** Only zeros decode to as many zeros, because no mark at the start is dropped. */
const exact = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true })
const ZEROS = "\0".repeat(PAGE)

/** A Go program's memory, as its runtime lays out values: little-endian; integers, lengths and pointers of 64 bits. */
export class GoMemory {
  readonly #memory: WebAssembly.Memory
  #view: DataView

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory
    this.#view = new DataView(memory.buffer)
  }

  /** Returns the number of bytes; it never shrinks. */
  get size(): number {
    return this.#memory.buffer.byteLength
  }

  /** Returns the view that reads and writes Go's values. Growing replaces its buffer. */
  get view(): DataView {
    return this.#view
  }

  /** Renews the view. Callers must call this after the program has grown its memory. */
  refresh(): void {
    this.#view = new DataView(this.#memory.buffer)
  }

  /**
   * Grows the memory to at least this many bytes.
   *
   * @throws {RangeError} when there is not enough memory.
   */
  reserve(size: number): void {
    const missing = size - this.size
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE))
    this.refresh()
  }

  /**
   * Finds the start of the zeros at the end, in whole pages. Unlike writing, reading takes no memory. It compares pages as
   * strings, because engines do that natively. V8 interpreted a loop over the words: its threads that optimize code were busy
   * with the program, and the loop took more than half of the isolate's first build.
   */
  end(): number {
    let end = this.size
    while (end > 0 && exact.decode(this.at(end - PAGE, PAGE)) === ZEROS) end -= PAGE
    return end
  }

  /** Copies the memory, without the zeros at its end. */
  save(): Uint8Array {
    return this.at(0, this.end()).slice()
  }

  /**
   * Restores every saved byte, and writes zeros after them.
   *
   * @param end the address from which all bytes are zero already.
   */
  load(saved: Uint8Array, end: number): void {
    this.reserve(saved.length)
    const target = new Uint8Array(this.#memory.buffer)
    target.set(saved)
    target.fill(0, saved.length, Math.max(saved.length, end))
  }

  /** Writes an integer. */
  setInt64(address: number, value: number): void {
    this.#view.setUint32(address, value, true)
    this.#view.setUint32(address + 4, Math.floor(value / 4_294_967_296), true)
  }

  /** Reads an integer, which is exact up to 2 ** 53. */
  getInt64(address: number): number {
    return this.#view.getUint32(address, true) + this.#view.getInt32(address + 4, true) * 4_294_967_296
  }

  /** Returns a view of some bytes. */
  at(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, address, length)
  }

  /** Returns a view of the slice whose header (pointer, length) is at the address. */
  bytes(address: number): Uint8Array {
    return this.at(this.getInt64(address), this.getInt64(address + 8))
  }

  /** Returns the string whose header is at the address. */
  text(address: number): string {
    return decoder.decode(this.bytes(address))
  }
}
