/** The longest description of a version that is held; the largest that was measured has 147 KB. */
const MAX_DESCRIPTION = 1 << 18

/** The bytes of one version's description, which arrive with the chunks of a packument. */
export class HeldDescription {
  #parts: Array<Uint8Array> = []
  /** Where in the chunk the description goes on; −1 outside of one. */
  #from = -1

  /** The description, as JSON; "" without one, or if it is too long. */
  get text(): string {
    const stream = new TextDecoder()
    const parts = this.#parts.map((part) => stream.decode(part, { stream: true }))
    return [...parts, stream.decode()].join("")
  }

  /** Lets go of the description that is held, because another takes its place. */
  clear(): void {
    this.#parts = []
  }

  /** A description begins here in the chunk. */
  begin(index: number): void {
    this.#from = index
  }

  /** A further chunk begins, and the description goes on there if it has not ended. */
  next(): void {
    if (this.#from >= 0) this.#from = 0
  }

  /**
   * Keeps the description's bytes of a chunk, unless the chunk has none.
   *
   * @param end where the description ends; without it, it goes on in the next chunk.
   */
  keep(chunk: Uint8Array, end?: number): void {
    if (this.#from < 0) return
    const length = this.#parts.reduce((sum, part) => sum + part.length, 0)
    this.#parts.push(chunk.slice(this.#from, end))
    if (length + chunk.length - this.#from > MAX_DESCRIPTION) this.#parts = []
    if (end !== undefined || this.#parts.length === 0) this.#from = -1
  }
}
