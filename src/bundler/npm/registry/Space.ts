import type { Turns } from "./Turns.ts"

/** Bytes of files from which on an archive is large. Five that are not, and a large one, fit into an isolate beside a compiler. */
const LARGE = 4 << 20

/** The memory of one archive while it arrives. Of large ones only one arrives at a time; the others wait. */
export class Space {
  readonly #turns: Turns
  #hasTurn = false

  /** @param turns the turns of large archives. */
  constructor(turns: Turns) {
    this.#turns = turns
  }

  /** Waits until these bytes may be held. */
  async need(bytes: number): Promise<void> {
    if (this.#hasTurn || bytes <= LARGE) return
    await this.#turns.take()
    this.#hasTurn = true
  }

  /** Lets others have it. */
  release(): void {
    if (this.#hasTurn) this.#turns.giveBack()
    this.#hasTurn = false
  }
}
