import { PackageRefused, RegistryUnavailableError } from "../../errors.ts"
import { PACKAGE_LIMITS } from "../../limits.ts"
import { Space } from "./Space.ts"
import { Turns } from "./Turns.ts"
import { withSignal } from "./with-signal.ts"

/** The requests, bytes, connections and time of one build. */
export class Budget {
  /** Ends the build's waiting: at its deadline, or when it closes its budget. */
  readonly signal: AbortSignal
  readonly #deadline: AbortSignal
  readonly #closed = new AbortController()
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #connections: Turns
  readonly #large: Turns
  #requests = 0
  #bytes = 0

  /** Bytes of the packages that have arrived and are held. */
  kept = 0
  #arriving = 0
  readonly #hold: ((bytes: number) => Promise<void>) | undefined

  /**
   * @param deadline aborts when the build's time is over.
   * @param hold waits until the build may hold this many bytes; without it, it may always.
   */
  constructor(deadline: AbortSignal, hold?: (bytes: number) => Promise<void>) {
    this.#hold = hold
    this.#deadline = deadline
    this.signal = AbortSignal.any([deadline, this.#closed.signal])
    this.#connections = new Turns(PACKAGE_LIMITS.parallel, this.signal)
    this.#large = new Turns(1, this.signal)
  }

  /** Ends the work on connections: when the budget is closed. Answers that are under way at the deadline may still arrive for the cache. */
  get wire(): AbortSignal {
    return this.#closed.signal
  }

  /** Whether the build's time is over: then nothing new begins, and what still arrives is for a repeat. */
  get isLate(): boolean {
    return this.#deadline.aborted
  }

  /** Fetches and calls of the cache. */
  get requests(): number {
    return this.#requests
  }

  /** Bytes that were fetched. */
  get bytes(): number {
    return this.#bytes
  }

  /** @throws {PackageRefused} when the build has used its last request. */
  spendRequest(): void {
    this.wire.throwIfAborted()
    this.#requests += 1
    if (this.#requests <= PACKAGE_LIMITS.requests) return
    throw new PackageRefused({
      code: "too-many",
      text: `The packages need more than ${PACKAGE_LIMITS.requests} requests`,
      hint: "Import fewer packages."
    })
  }

  /** @throws {PackageRefused} when the build has fetched its last byte. */
  spendBytes(count: number): void {
    this.#bytes += count
    if (this.#bytes <= PACKAGE_LIMITS.fetchedBytes) return
    throw new PackageRefused({
      code: "too-large",
      text: `The packages are more than ${PACKAGE_LIMITS.fetchedBytes >> 20} MiB to fetch`,
      hint: "Import fewer packages, or smaller ones."
    })
  }

  /**
   * Works with one of the connections, as soon as one is free; those who came first go first.
   *
   * @param isPatient whether all others go first.
   * @throws {PackageRefused} as the work does.
   * @throws {RegistryUnavailableError} for every other failure.
   */
  async connect<A>(work: () => Promise<A>, isPatient = false): Promise<A> {
    try {
      return await this.#connected(work, isPatient)
    } catch (error) {
      throw this.unavailable(error, "The package registry did not answer as it should")
    }
  }

  async #connected<A>(work: () => Promise<A>, isPatient: boolean): Promise<A> {
    await this.#connections.take(isPatient)
    const working = work().finally(() => {
      this.#connections.giveBack()
      this.#underWay.delete(working)
    })
    this.#underWay.add(working)
    return withSignal(working, this.signal)
  }

  /**
   * The memory for an archive. It must be released.
   *
   * @param most bytes that it may take, until it is widened.
   */
  space(most = Infinity): Space {
    const add = (bytes: number) => {
      this.#arriving += bytes
      // Late ones are bounded by their size, and there is no build that waits for its share.
      if (bytes > 0 && !this.isLate && this.#hold !== undefined)
        return withSignal(this.#hold(this.#arriving + this.kept), this.signal)
      return undefined
    }
    return new Space(this.#large, add, most)
  }

  /** Ends what is still under way. Call it when the build ends, however it ends. */
  close(): void {
    this.#closed.abort(new Error("The build has ended"))
  }

  /** Lets the answers that are under way arrive for the cache, for some milliseconds at most, and then ends all. */
  async linger(ms: number): Promise<void> {
    const over = Promise.withResolvers<void>()
    const timer = setTimeout(over.resolve, ms)
    await Promise.race([over.promise, Promise.allSettled(this.#underWay)])
    clearTimeout(timer)
    this.close()
  }

  /** A failure for the build: refusals as they are, and all others as the registry's. */
  unavailable(error: unknown, text: string): Error {
    if (error instanceof PackageRefused || error instanceof RegistryUnavailableError) return error
    const reason = this.signal.aborted ? "The packages did not arrive in time" : text
    return new RegistryUnavailableError(reason, { cause: error })
  }
}
