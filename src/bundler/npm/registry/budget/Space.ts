import type { Turns } from "./Turns.ts"

/** Bytes of files from which on an archive is large. Five that are not, and a large one, fit into an isolate beside a compiler. */
const LARGE = 4 << 20

/** The memory of one archive while it arrives. Of large ones only one arrives at a time; the others wait. */
export class Space {
  readonly #turns: Turns
  readonly #add: (bytes: number) => Promise<void> | undefined
  #hasTurn = false
  #bytes = 0
  #most: number
  /** Whether more was needed than is allowed. */
  isExceeded = false

  /**
   * @param turns the turns of large archives.
   * @param add adds to the bytes of the build; waits until it may hold them.
   * @param most the bytes that it may take at most, until it is widened.
   */
  constructor(turns: Turns, add: (bytes: number) => Promise<void> | undefined, most: number) {
    this.#most = most
    this.#turns = turns
    this.#add = add
  }

  /** Allows any number of bytes from now on. */
  widen(): void {
    this.#most = Infinity
    this.isExceeded = false
  }

  /** Allows nothing more, because nobody needs it. */
  giveUp(): void {
    this.release()
    this.isExceeded = true
  }

  /** Waits until these bytes may be held. */
  async need(bytes: number): Promise<void> {
    this.isExceeded ||= bytes > this.#most
    if (this.isExceeded) throw new Error("the archive is larger than was expected")
    if (!this.#hasTurn && bytes > LARGE) {
      await this.#turns.take()
      this.#hasTurn = true
    }
    if (bytes <= this.#bytes) return
    const more = bytes - this.#bytes
    this.#bytes = bytes
    await this.#add(more)
  }

  /** Lets others have it. */
  release(): void {
    if (this.#hasTurn) this.#turns.giveBack()
    this.#hasTurn = false
    void this.#add(-this.#bytes)
    this.#bytes = 0
  }
}
