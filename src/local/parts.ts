interface Part {
  readonly stop: () => Promise<void>
}

/** Parts that start side by side, and of which none is left running when one of them does not start. */
export class Parts {
  /** Aborted when the start is to be given up: from outside, or because a part has failed. */
  readonly signal: AbortSignal
  readonly #abort = new AbortController()
  readonly #pending: Array<Promise<unknown>> = []
  readonly #started: Array<Part> = []
  readonly #log: (line: string) => void

  constructor(outside: AbortSignal | undefined, log: (line: string) => void) {
    this.signal = outside === undefined ? this.#abort.signal : AbortSignal.any([outside, this.#abort.signal])
    this.#log = log
  }

  /** Starts the part, reports it in the words of `what`, and keeps it, to stop it later. */
  start<A extends Part>(begin: () => Promise<A>, what: (part: A) => string): Promise<A> {
    if (this.signal.aborted) return Promise.reject(this.signal.reason)
    const since = Date.now()
    const started = begin().then((part) => {
      this.#started.push(part)
      this.#log(`${what(part)}  (${((Date.now() - since) / 1000).toFixed(1)} s)`)
      return part
    })
    // Its failure is `all`'s to report; here it only makes the others give up.
    this.#pending.push(started.catch((cause: unknown) => this.#abort.abort(cause)))
    return started
  }

  /** Like `Promise.all`, with the first failure as the reason even of those that gave up because of it. */
  async all<A extends ReadonlyArray<unknown>>(starting: A): Promise<{ [I in keyof A]: Awaited<A[I]> }> {
    try {
      return (await Promise.all(starting)) as { [I in keyof A]: Awaited<A[I]> }
    } catch (cause) {
      throw this.signal.aborted ? this.signal.reason : cause
    }
  }

  /** Gives up what is starting, and stops what has started. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error("stopped"))
    while (this.#pending.length > 0) await Promise.all(this.#pending.splice(0))
    await Promise.all(this.#started.splice(0).map((part) => part.stop()))
  }
}
