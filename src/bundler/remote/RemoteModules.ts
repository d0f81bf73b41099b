import type { Loader } from "esbuild-wasm"
import { tolerant, type ModuleCache } from "./module-cache.ts"
import { checkUrl, ImportRefused } from "./url-rules.ts"

/** The limits of one build's fetches. */
export const IMPORT_LIMITS = {
  /** Modules, redirects not counted. */
  modules: 100,
  /** Bytes of one module. */
  moduleBytes: 1024 * 1024,
  /** Bytes of all. */
  bytes: 3 * 1024 * 1024,
  /** Redirects of one module. */
  hops: 5,
  /** Milliseconds for all. */
  timeMs: 8000,
  /** Requests at the same time: the platform opens no more than six connections. */
  parallel: 6
} as const

/** A module that was fetched. */
export interface RemoteModule {
  /** Its URL after all redirects. Its own imports are relative to this URL. */
  readonly url: string
  readonly text: string
  readonly loader: Loader
}

/** How modules are fetched. */
export interface RemoteOptions {
  readonly hosts: ReadonlySet<string>
  readonly fetch: typeof fetch
  readonly cache: ModuleCache | undefined
}

/**
 * A fetched module is cached for this long, in seconds. Exact versions do not change, and other versions become visible within
 * this time.
 */
const CACHE_SECONDS = 3600

const bareType = (response: Response): string =>
  (response.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? ""

const loaderOf = (url: URL, type: string): Loader => {
  if (/html/.test(type)) throw new ImportRefused("the response is an HTML page, not a module")
  if (/wasm|^(image|audio|video|font)\//.test(type)) throw new ImportRefused(`the response is ${type}, not a module`)
  if (/json/.test(type) || url.pathname.endsWith(".json")) return "json"
  if (/css/.test(type) || url.pathname.endsWith(".css")) return "text"
  if (url.pathname.endsWith(".tsx")) return "tsx"
  return /\.[cm]?ts$/.test(url.pathname) || /typescript/.test(type) ? "ts" : "js"
}

/** The remote modules of one build. Each is fetched once, within one budget, and kept until the build ends. */
export class RemoteModules {
  readonly #options: RemoteOptions
  readonly #modules = new Map<string, RemoteModule | ImportRefused>()
  #fetched = 0
  #bytes = 0
  #deadline: AbortSignal | undefined
  /** Whether a fetch failed that may succeed another time. */
  outage = false

  constructor(options: RemoteOptions) {
    const { cache } = options
    this.#options = { ...options, cache: cache && tolerant(cache) }
  }

  /**
   * The URL of an import, without a request.
   *
   * @param importer the URL of the module that imports it, where one does.
   * @throws {ImportRefused} when it may not be fetched.
   */
  resolve(specifier: string, importer?: string): string {
    const base = importer === undefined ? undefined : new URL(this.#final(importer))
    return this.#final(checkUrl(specifier, base, this.#options.hosts).href)
  }

  /** Returns the module or refusal; `undefined` before the fetch. */
  get(url: string): RemoteModule | ImportRefused | undefined {
    return this.#modules.get(url)
  }

  /** Fetches modules, some at a time. Keeps the reason of each failure, which is reported only if the build needs that module. */
  async fetchAll(urls: Iterable<string>): Promise<void> {
    const wanted = [...new Set(urls)].filter((url) => !this.#modules.has(url))
    const next = wanted.values()
    const worker = async () => {
      for (const url of next) {
        const module = await this.#fetch(url).catch((error: unknown) => {
          if (error instanceof ImportRefused) return error
          this.outage = true
          return new ImportRefused(reasonOf(error), { cause: error })
        })
        this.#modules.set(url, module)
        if (!(module instanceof ImportRefused)) this.#modules.set(module.url, module)
      }
    }
    await Promise.all(Array.from({ length: IMPORT_LIMITS.parallel }, worker))
  }

  #final(url: string): string {
    const known = this.#modules.get(url)
    return known === undefined || known instanceof ImportRefused ? url : known.url
  }

  async #fetch(href: string): Promise<RemoteModule> {
    const { hosts, cache } = this.#options
    this.#fetched += 1
    if (this.#fetched > IMPORT_LIMITS.modules)
      throw new ImportRefused(`the build needs more than ${IMPORT_LIMITS.modules} modules from URLs`)
    this.#deadline ??= AbortSignal.timeout(IMPORT_LIMITS.timeMs)
    let url = checkUrl(href, undefined, hosts)
    for (let hop = 0; hop <= IMPORT_LIMITS.hops; hop++) {
      const kept = await this.#withinDeadline(cache?.match(url.href) ?? Promise.resolve(undefined))
      const response = kept ?? (await this.#withinDeadline(this.#options.fetch(url.href, this.#request())))
      const location = response.headers.get("location")
      if (response.status >= 300 && response.status < 400 && location !== null) {
        await discard(response)
        url = checkUrl(location, url, hosts)
        continue
      }
      if (!response.ok) {
        await discard(response)
        this.outage ||= response.status >= 500 || response.status === 429
        throw new ImportRefused(`the response has status ${response.status}`)
      }
      const type = bareType(response)
      const text = await this.#read(response)
      const loader = loaderOf(url, type)
      if (kept === undefined && cache !== undefined) await this.#cache(cache, url.href, text, type)
      return { url: url.href, text, loader }
    }
    throw new ImportRefused(`it was redirected more than ${IMPORT_LIMITS.hops} times`)
  }

  #request(): RequestInit {
    return {
      redirect: "manual",
      headers: { accept: "*/*", "user-agent": "mpp-compute" },
      signal: this.#deadline ?? null
    }
  }

  /** Rejects at the deadline, because not all awaited work observes its signal. */
  async #withinDeadline<A>(work: Promise<A>): Promise<A> {
    const deadline = this.#deadline
    if (deadline === undefined) return work
    deadline.throwIfAborted()
    const over = Promise.withResolvers<never>()
    const abort = () => over.reject(deadline.reason)
    deadline.addEventListener("abort", abort)
    try {
      return await Promise.race([work, over.promise])
    } finally {
      deadline.removeEventListener("abort", abort)
      work.catch(() => {})
    }
  }

  async #read(response: Response): Promise<string> {
    const reader = response.body?.getReader()
    if (reader === undefined) return ""
    const chunks: Array<Uint8Array> = []
    let size = 0
    try {
      for (;;) {
        const { done, value } = await this.#withinDeadline(
          reader.read() as Promise<ReadableStreamReadResult<Uint8Array>>
        )
        if (done) break
        size += value.length
        this.#bytes += value.length
        if (size > IMPORT_LIMITS.moduleBytes)
          throw new ImportRefused(`it is larger than ${IMPORT_LIMITS.moduleBytes} bytes`)
        if (this.#bytes > IMPORT_LIMITS.bytes)
          throw new ImportRefused(`the modules are more than ${IMPORT_LIMITS.bytes} bytes in total`)
        chunks.push(value)
      }
    } catch (error) {
      // This is not awaited, because a response that hangs may hang here too.
      reader.cancel().catch(() => {})
      throw error
    }
    const bytes = new Uint8Array(size)
    let offset = 0
    for (const chunk of chunks) {
      bytes.set(chunk, offset)
      offset += chunk.length
    }
    return new TextDecoder().decode(bytes)
  }

  /** Caches a module that passed all checks: only its text and type. */
  async #cache(cache: ModuleCache, url: string, text: string, type: string): Promise<void> {
    const headers = { "content-type": type, "cache-control": `public, max-age=${CACHE_SECONDS}` }
    await this.#withinDeadline(cache.put(url, new Response(text, { headers }))).catch(() => {})
  }
}

const discard = async (response: Response): Promise<void> => {
  response.body?.cancel().catch(() => {})
}

const reasonOf = (error: unknown): string =>
  error instanceof Error && /Timeout|Abort/.test(error.name)
    ? `it did not arrive within the ${IMPORT_LIMITS.timeMs / 1000} seconds for all imports`
    : "it could not be fetched"
