import { PackageRefused, RegistryUnavailableError } from "../errors.ts"
import { Budget } from "./budget/Budget.ts"
import { withSignal } from "./budget/with-signal.ts"
import type { IsolateMemory } from "./IsolateMemory.ts"
import { PackageCache } from "./PackageCache.ts"
import type { ModuleCache } from "../../remote/module-cache.ts"

/** How the registry is reached. */
export interface RegistryOptions {
  /** The registry's address; it ends in "/". */
  readonly base: string
  readonly fetch: typeof fetch
  /** Keeps what was fetched for later builds. */
  readonly cache: ModuleCache | undefined
  /** Aborts when the build's time is over. */
  readonly signal: AbortSignal
  /** Waits until the build may hold this many bytes of packages. */
  readonly hold?: ((bytes: number) => Promise<void>) | undefined
  /** Keeps a little in the isolate, where the cache keeps nothing. */
  readonly memory?: IsolateMemory | undefined
}

/** How long the registry may take to begin an answer, in milliseconds; then it is asked once more. */
const ANSWER_MS = 5000

/** Tries of one request, and milliseconds between them. */
const TRIES = 2
const PAUSE_MS = 200

/** From this time on an answer is slow, in milliseconds. */
const SLOW_MS = 300

const discard = (response: Response): void => {
  response.body?.cancel().catch(() => {})
}

/** The requests of one build to the one host that packages come from. */
export class RegistryClient {
  readonly base: URL
  readonly budget: Budget
  readonly cache: PackageCache
  readonly #fetch: typeof fetch
  readonly #memory: IsolateMemory | undefined

  constructor({ base, fetch, cache, signal, hold, memory }: RegistryOptions) {
    this.base = new URL(base)
    this.budget = new Budget(signal, hold)
    this.cache = new PackageCache(cache, this.budget, memory)
    this.#memory = memory
    // A function of its own, because the platform's `fetch` refuses to be called as a method.
    this.#fetch = (input, init) => fetch(input, init)
  }

  /** Whether the registry took long for its last answer. */
  get isSlow(): boolean {
    return this.#memory?.isSlow === true
  }

  /** The address of a document: a path below the base. */
  address(path: string): string {
    return this.base.href + path
  }

  /**
   * The address of an archive. The registry's own host serves it: of what the registry says, only the path counts. A path of
   * another host is below the base, as mirrors have it.
   */
  archiveAddress(said: string): string {
    const url = new URL(said, this.base)
    const prefix = this.base.pathname.replace(/\/$/, "")
    const isBelow = url.origin === this.base.origin || url.pathname.startsWith(`${prefix}/`)
    const address = new URL(this.base)
    // The setter, because a path that begins with two slashes would be another host in the constructor.
    address.pathname = isBelow ? url.pathname : prefix + url.pathname
    address.search = ""
    return address.href
  }

  /**
   * Fetches a document. It is not redirected, because a redirect may lead to any host that the Worker can reach.
   *
   * @param what names the document for the author: `zod@latest`.
   * @returns `undefined` if the registry does not have it.
   * @throws {RegistryUnavailableError} for every other answer.
   */
  async get(url: string, what: string, accept: string): Promise<Response | undefined> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#try(url, accept).catch((error: unknown) =>
        this.budget.unavailable(error, `The package registry did not answer for ${what}`)
      )
      if (answer instanceof Response) {
        if (answer.ok && answer.body !== null) return answer
        discard(answer)
        const isPage = /html/i.test(answer.headers.get("content-type") ?? "")
        if ((answer.status === 404 || answer.status === 410) && !isPage) return undefined
      }
      const isLasting =
        answer instanceof Response ? answer.status < 500 && answer.status !== 429 : answer instanceof PackageRefused
      if (attempt < TRIES && !isLasting && !this.budget.signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
        continue
      }
      if (!(answer instanceof Response)) throw answer
      throw new RegistryUnavailableError(`The package registry answered ${answer.status} for ${what}`)
    }
  }

  async #try(url: string, accept: string): Promise<Response> {
    this.budget.signal.throwIfAborted()
    this.budget.spendRequest()
    const started = Date.now()
    const over = new AbortController()
    const timer = setTimeout(() => over.abort(new Error("no answer")), ANSWER_MS)
    const signal = AbortSignal.any([this.budget.wire, over.signal])
    const headers = { accept, "user-agent": "mpp-compute" }
    try {
      // `async`, because a function that fetches may also throw.
      return await withSignal(
        (async () => this.#fetch(url, { redirect: "manual", headers, signal }))(),
        signal,
        discard
      )
    } finally {
      clearTimeout(timer)
      if (this.#memory !== undefined) this.#memory.isSlow = Date.now() - started >= SLOW_MS
    }
  }
}
