import { PACKAGE_LIMITS } from "../limits.ts"
import type { IsolateMemory } from "../registry/IsolateMemory.ts"
import type { Registry } from "../registry/Registry.ts"
import type { Space } from "../registry/budget/Space.ts"
import type { Archive, Archives, Extent, Release, Unpacked } from "../types.ts"
import { fetchArchive } from "./fetch-archive.ts"
import { isImportable } from "./importable.ts"
import { expectationOf } from "./integrity.ts"
import { readArchive, writeArchive } from "./stored-archive.ts"

const keyOf = ({ name, version, integrity }: Release, wide: Extent): string =>
  [name, version, integrity, wide].join("\0")

/** Whether all files are held that can be imported. */
const isWhole = ({ files, paths }: Unpacked): boolean =>
  [...paths].every((path) => files.has(path) || !isImportable(path))

/** Bytes that one archive may take before it is certain that it is needed, and the sum of those: each counts as one of `GUESSED` if the registry does not say its size. */
const LARGEST_EXPECTED = 1 << 19
const EXPECTED = 2 << 20
const GUESSED = 1 << 16

/** An archive that is expected, and the memory that it takes. */
interface Expected {
  readonly arriving: Promise<Archive>
  readonly space: Space
  readonly size: number
}

/** The archives of one build, verified, from the cache where it has them. */
export class ArchiveStore implements Archives {
  readonly #registry: Registry
  readonly #memory: IsolateMemory | undefined
  /** Archives in the isolate's memory, by this build. */
  readonly #remembered = new Set<string>()
  readonly #expected = new Map<string, Expected>()
  #expectedBytes = 0

  constructor(registry: Registry, memory?: IsolateMemory) {
    this.#registry = registry
    this.#memory = memory
  }

  /** Lets go of what was remembered for a repeat, because there will be none: all archives have arrived, or the build is refused. */
  forget(): void {
    for (const key of this.#remembered) this.#memory?.takeArchive(key)
    this.#remembered.clear()
    for (const key of this.#expected.keys()) this.#takeExpected(key)?.space.giveUp()
  }

  /** Begins to fetch a small archive while the versions of other packages are looked for, because both take a while. */
  expect(release: Release, wide: Extent): void {
    const key = keyOf(release, wide)
    const size = release.unpackedSize || GUESSED
    if (size > LARGEST_EXPECTED || this.#expectedBytes + size > EXPECTED || this.#expected.has(key)) return
    const space = this.#registry.client.budget.space(LARGEST_EXPECTED)
    const arriving = this.#load(release, wide, space)
    // The one who needs it hears of a failure.
    arriving.catch(() => {})
    this.#expected.set(key, { arriving, space, size })
    this.#expectedBytes += size
  }

  #takeExpected(key: string): Expected | undefined {
    const expected = this.#expected.get(key)
    this.#expected.delete(key)
    this.#expectedBytes -= expected?.size ?? 0
    return expected
  }

  /** Fetches an archive or takes it from the cache, where its hash is its key. */
  async files(release: Release, wide: Extent = false): Promise<Archive> {
    const expected = this.#takeExpected(keyOf(release, wide))
    const space = expected?.space ?? this.#registry.client.budget.space()
    const isKnownTooLarge = space.isExceeded
    space.widen()
    try {
      return await (expected === undefined || isKnownTooLarge ? this.#load(release, wide, space) : expected.arriving)
    } finally {
      space.release()
    }
  }

  async #load(release: Release, wide: Extent, space: Space): Promise<Archive> {
    const { client } = this.#registry
    const expected = expectationOf(release, this.#registry.published(release.name, release.version))
    const [digest = ""] = expected.digests
    const key = `archive/${expected.algorithm}/${encodeURIComponent(digest)}/${wide === true ? "all" : wide === false ? "likely" : wide}`
    return client.budget.connect(async () => {
      const known = this.#memory?.takeArchive(key)
      await space.need(known?.size ?? 0)
      const kept = known ?? (await client.cache.get(key, readArchive, (size) => space.need(size)))
      const archive = kept ?? (await fetchArchive(client, release, expected, wide, space))
      // A cache that has answered serves a repeat as well.
      if (client.cache.hits === 0) this.#remember(key, archive)
      if (kept === undefined)
        await client.cache.put(
          key,
          (signal) => writeArchive(archive, signal),
          PACKAGE_LIMITS.exactSeconds,
          archive.size
        )
      return { files: archive.files, paths: archive.paths, wide: isWhole(archive) }
    })
  }

  #remember(key: string, archive: Unpacked): void {
    this.#memory?.keepArchive(key, archive)
    this.#remembered.add(key)
  }
}
