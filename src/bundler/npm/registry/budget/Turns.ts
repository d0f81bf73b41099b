/** Lets a number of works go on at the same time; those who came first go first, and the patient ones last. */
export class Turns {
  readonly #signal: AbortSignal
  readonly #waiting: Array<PromiseWithResolvers<void>> = []
  readonly #patient: Array<PromiseWithResolvers<void>> = []
  #free: number

  /** @param signal ends all waiting. */
  constructor(count: number, signal: AbortSignal) {
    this.#free = count
    this.#signal = signal
    signal.addEventListener("abort", () => {
      for (const turn of [...this.#waiting.splice(0), ...this.#patient.splice(0)]) turn.reject(signal.reason)
    })
  }

  /**
   * Waits for a turn, which must be given back.
   *
   * @param isPatient whether all others go first.
   */
  async take(isPatient = false): Promise<void> {
    this.#signal.throwIfAborted()
    if (this.#free === 0) {
      const turn = Promise.withResolvers<void>()
      const queue = isPatient ? this.#patient : this.#waiting
      queue.push(turn)
      return turn.promise
    }
    this.#free -= 1
  }

  /** Gives a turn back: to the one who waits longest, if somebody does. */
  giveBack(): void {
    const next = this.#waiting.shift() ?? this.#patient.shift()
    if (next === undefined) this.#free += 1
    else next.resolve()
  }
}
