import type { ModuleCache } from "../../remote/module-cache.ts"
import type { Budget } from "./budget/Budget.ts"
import { withSignal } from "./budget/with-signal.ts"
import type { IsolateMemory } from "./IsolateMemory.ts"
import { textOf } from "./streams.ts"

/** How long the cache may take to answer, and to send or take an entry, in milliseconds. */
const ANSWER_MS = 1000
const TRANSFER_MS = 2000

/** Misses and stores of one build: with both, 250 packages still get all their fetches within the limit of requests. */
const MAX_MISSES = 150
const MAX_STORES = 150

/** The longest text: a list of some thousand versions has 100 KB. */
const MAX_TEXT = 4 << 20

/** The bytes of files in an entry. */
const SIZE = "x-size"

/** When an entry is no longer valid, in milliseconds since 1970: not every cache observes `cache-control`. */
const EXPIRES = "x-expires-at"

const discard = (response: Response | undefined): undefined => {
  response?.body?.cancel().catch(() => {})
}

/** Every key begins with this. */
export const CACHE_PREFIX = "https://npm-packages.invalid/2/"

const keyUrl = (key: string): string => CACHE_PREFIX + key

/**
 * The packages that earlier builds fetched. Every error is a miss, because other hosts may disable the platform's cache; then
 * it throws, rejects or hangs. After its first failure a build does not use it again.
 */
export class PackageCache {
  readonly #cache: ModuleCache | undefined
  readonly #budget: Budget
  readonly #memory: IsolateMemory | undefined
  #failed = false
  #misses = 0
  #stores = 0
  /** Entries that spared a fetch. */
  hits = 0

  /** @param memory is asked first, and is all there is where the cache fails. */
  constructor(cache: ModuleCache | undefined, budget: Budget, memory?: IsolateMemory) {
    this.#cache = cache
    this.#budget = budget
    this.#memory = memory
  }

  /**
   * Reads an entry.
   *
   * @param read makes the value of the stored bytes. It fails if they are not an entry of ours: then it is a miss.
   * @param prepare waits until the bytes of the entry's files may be held.
   */
  async get<A>(
    key: string,
    read: (body: ReadableStream<Uint8Array>, signal: AbortSignal) => Promise<A>,
    prepare?: (size: number) => Promise<void>
  ): Promise<A | undefined> {
    if (this.#misses >= MAX_MISSES || !this.#spend()) return undefined
    const kept = await this.#attempt(ANSWER_MS, (cache, signal) =>
      withSignal(cache.match(keyUrl(key)), signal, discard)
    )
    const isValid = kept?.ok === true && Number(kept.headers.get(EXPIRES)) > Date.now()
    if (!isValid) discard(kept)
    const body = isValid ? kept.body : null
    if (isValid) await this.#prepared(kept, prepare)
    const value = body === null ? undefined : await this.#attempt(TRANSFER_MS, (_cache, signal) => read(body, signal))
    if (value === undefined) this.#misses += 1
    else this.hits += 1
    return value
  }

  async #prepared(kept: Response, prepare?: (size: number) => Promise<void>): Promise<void> {
    try {
      await prepare?.(Number(kept.headers.get(SIZE)))
    } catch (error) {
      discard(kept)
      throw error
    }
  }

  /** Reads an entry of `putJson`. */
  async getJson(key: string): Promise<unknown> {
    const known = this.#memory?.text(key)
    if (known !== undefined) return JSON.parse(known) as unknown
    return this.get(key, async (body, signal) => {
      const text = await textOf(body, signal, (_count, total) => {
        if (total > MAX_TEXT) throw new Error("the entry is too large")
      })
      return JSON.parse(text) as unknown
    })
  }

  /**
   * Stores an entry for some seconds.
   *
   * @param size the bytes of its files.
   */
  async put(key: string, body: (signal: AbortSignal) => BodyInit, seconds: number, size = 0): Promise<void> {
    if (this.#stores >= MAX_STORES || !this.#spend()) return
    this.#stores += 1
    await this.#attempt(TRANSFER_MS, (cache, signal) => {
      const headers = {
        "content-type": "application/octet-stream",
        "cache-control": `public, max-age=${seconds}`,
        [SIZE]: String(size),
        [EXPIRES]: String(Date.now() + seconds * 1000)
      }
      return cache.put(keyUrl(key), new Response(body(signal), { headers }))
    })
  }

  /** Stores a value as JSON for some seconds. */
  putJson(key: string, value: unknown, seconds: number): Promise<void> {
    const text = JSON.stringify(value)
    this.#memory?.keepText(key, text, seconds)
    return this.put(key, () => text, seconds)
  }

  /** Whether the cache may be called; each call counts as a request. */
  #spend(): boolean {
    if (this.#cache === undefined || this.#failed) return false
    this.#budget.spendRequest()
    return true
  }

  async #attempt<A>(ms: number, work: (cache: ModuleCache, signal: AbortSignal) => Promise<A>): Promise<A | undefined> {
    const cache = this.#cache
    if (cache === undefined) return undefined
    const over = new AbortController()
    const timer = setTimeout(() => over.abort(new Error("the cache does not answer")), ms)
    const signal = AbortSignal.any([this.#budget.wire, over.signal])
    try {
      // `async`, because a cache may also throw.
      return await withSignal((async () => work(cache, signal))(), signal)
    } catch {
      this.#failed = true
      return undefined
    } finally {
      clearTimeout(timer)
    }
  }
}
