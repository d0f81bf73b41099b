interface Component {
  readonly stop: () => Promise<void>
}

/** Starts components side by side, and stops all of them when one does not start. */
export class Components {
  /** Aborts when the caller cancels the start, or a component fails. */
  readonly signal: AbortSignal
  readonly #abort = new AbortController()
  readonly #pending: Array<Promise<unknown>> = []
  readonly #started: Array<Component> = []
  readonly #log: (line: string) => void

  constructor(outside: AbortSignal | undefined, log: (line: string) => void) {
    this.signal = outside === undefined ? this.#abort.signal : AbortSignal.any([outside, this.#abort.signal])
    this.#log = log
  }

  /** Starts a component, logs the line that `describe` makes of it, and keeps it for `stop`. */
  start<A extends Component>(begin: () => Promise<A>, describe: (component: A) => string): Promise<A> {
    if (this.signal.aborted) return Promise.reject(this.signal.reason)
    const since = Date.now()
    const started = begin().then((component) => {
      this.#started.push(component)
      this.#log(`${describe(component)}  (${((Date.now() - since) / 1000).toFixed(1)} s)`)
      return component
    })
    // `all` reports the failure, and this only aborts the others.
    this.#pending.push(started.catch((cause: unknown) => this.#abort.abort(cause)))
    return started
  }

  /** Like `Promise.all`, but always rejects with the first failure and not with the aborts that it caused. */
  async all<A extends ReadonlyArray<unknown>>(starting: A): Promise<{ [I in keyof A]: Awaited<A[I]> }> {
    try {
      return (await Promise.all(starting)) as { [I in keyof A]: Awaited<A[I]> }
    } catch (cause) {
      throw this.signal.aborted ? this.signal.reason : cause
    }
  }

  /** Aborts the components that are starting, and stops those that have started. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error("stopped"))
    while (this.#pending.length > 0) await Promise.all(this.#pending.splice(0))
    await Promise.all(this.#started.splice(0).map((component) => component.stop()))
  }
}
