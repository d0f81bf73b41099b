import type { Unpacked } from "../types.ts"

/** Characters of texts: some hundred descriptions of versions. A list of versions may have more than one may take. */
const TEXTS = 1 << 19
const LONGEST_TEXT = 1 << 16

/** Bytes of archives, and of one. Programs of many packages consist of small ones: the 68 of express have 2 MB. */
const ARCHIVES = 3 << 20
const LARGEST_ARCHIVE = 1 << 19

/** How long archives are kept for a repeat, in milliseconds. */
const REPEAT_MS = 120_000

/** Values with sizes until a time. The oldest give way to new ones. */
class Bounded<A> {
  readonly #entries = new Map<string, { readonly value: A; readonly size: number; readonly until: number }>()
  readonly #most: number
  #size = 0

  constructor(most: number) {
    this.#most = most
  }

  get(key: string): A | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.until > Date.now()) return entry?.value
    this.take(key)
    return undefined
  }

  take(key: string): A | undefined {
    const entry = this.#entries.get(key)
    this.#entries.delete(key)
    this.#size -= entry?.size ?? 0
    return entry !== undefined && entry.until > Date.now() ? entry.value : undefined
  }

  set(key: string, value: A, size: number, until: number): void {
    this.take(key)
    this.#entries.set(key, { value, size, until })
    this.#size += size
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.#most) return
      this.take(oldest)
    }
  }
}

/**
 * The memory of an isolate between builds, because other hosts may disable the platform's cache: descriptions of versions, and
 * for two minutes the small archives of builds that ran out of time. Without it every repeat would begin anew.
 */
export class IsolateMemory {
  readonly #texts = new Bounded<string>(TEXTS)
  readonly #archives = new Bounded<Unpacked>(ARCHIVES)

  /** Whether the registry took long for its last answer. */
  isSlow = false

  /** A text that is still valid. */
  text(key: string): string | undefined {
    return this.#texts.get(key)
  }

  /** Keeps a text for some seconds. */
  keepText(key: string, text: string, seconds: number): void {
    if (text.length <= LONGEST_TEXT) this.#texts.set(key, text, text.length, Date.now() + seconds * 1000)
  }

  /** An archive of a build that ran out of time. It is kept no longer. */
  takeArchive(key: string): Unpacked | undefined {
    return this.#archives.take(key)
  }

  /** Keeps an archive for a repeat, unless it is large. */
  keepArchive(key: string, { files, paths, size }: Unpacked): void {
    if (size <= LARGEST_ARCHIVE)
      this.#archives.set(key, { files: new Map(files), paths, size }, size, Date.now() + REPEAT_MS)
  }
}

/** The memory of this isolate, for all bundlers that fetch alike. */
const memories = new WeakMap<typeof fetch, IsolateMemory>()

/** Gives a function the memory of others that fetch alike, because each build in an isolate of its own has another function. */
export const shareMemory = (fetcher: typeof fetch, memory: IsolateMemory): void => {
  memories.set(fetcher, memory)
}

/** The isolate's memory of what a function fetched. */
export const memoryOf = (fetcher: typeof fetch): IsolateMemory => {
  const known = memories.get(fetcher) ?? new IsolateMemory()
  memories.set(fetcher, known)
  return known
}
