import type { Turns } from "./Turns.ts"

/** Bytes of files from which on an archive is large. Five that are not, and a large one, fit into an isolate beside a compiler. */
const LARGE = 4 << 20

/** The memory of one archive while it arrives. Of large ones only one arrives at a time; the others wait. */
export class Space {
  readonly #turns: Turns
  readonly #add: (bytes: number) => Promise<void> | undefined
  #hasTurn = false
  #bytes = 0

  /**
   * @param turns the turns of large archives.
   * @param add adds to the bytes of the build; waits until it may hold them.
   */
  constructor(turns: Turns, add: (bytes: number) => Promise<void> | undefined) {
    this.#turns = turns
    this.#add = add
  }

  /** Waits until these bytes may be held. */
  async need(bytes: number): Promise<void> {
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
