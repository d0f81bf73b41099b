/** The longest text that is held, in bytes: a version has at most 256 characters. */
const MAX_TEXT = 256

const decoder = new TextDecoder()

/** One string of a packument, which is read byte by byte. */
export class HeldText {
  readonly #bytes = new Uint8Array(MAX_TEXT)
  #length = 0

  /** Its bytes so far; one that is too long counts one more than are held. */
  get length(): number {
    return this.#length
  }

  /** The string; `undefined` if it is too long. */
  get text(): string | undefined {
    return this.#length > MAX_TEXT ? undefined : decoder.decode(this.#bytes.subarray(0, this.#length))
  }

  /** Begins a further string. */
  clear(): void {
    this.#length = 0
  }

  /** Adds a byte. One that is too much is counted, but not written. */
  add(byte: number): void {
    this.#bytes[this.#length] = byte
    if (this.#length <= MAX_TEXT) this.#length += 1
  }
}
