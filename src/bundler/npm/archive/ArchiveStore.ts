import { PACKAGE_LIMITS } from "../limits.ts"
import type { Registry } from "../registry/Registry.ts"
import type { Archive, Archives, Release } from "../types.ts"
import { fetchArchive, type Unpacked } from "./fetch-archive.ts"
import { isImportable } from "./importable.ts"
import { expectationOf } from "./integrity.ts"
import { readArchive, writeArchive } from "./stored-archive.ts"

/** Whether all files are held that can be imported. */
const isWhole = ({ files, paths }: Unpacked): boolean =>
  [...paths].every((path) => files.has(path) || !isImportable(path))

/** The archives of one build, verified, from the cache where it has them. */
export class ArchiveStore implements Archives {
  readonly #registry: Registry

  constructor(registry: Registry) {
    this.#registry = registry
  }

  /** Fetches an archive or takes it from the cache, where its hash is its key. */
  async files(release: Release, wide = false): Promise<Archive> {
    const { client } = this.#registry
    const expected = expectationOf(release, this.#registry.published(release.name, release.version))
    const [digest = ""] = expected.digests
    const key = `archive/${expected.algorithm}/${encodeURIComponent(digest)}/${wide ? "all" : "likely"}`
    return client.budget.connect(async () => {
      const space = client.budget.space()
      try {
        const kept = await client.cache.get(key, readArchive, (size) => space.need(size))
        const archive = kept ?? (await fetchArchive(client, release, expected, wide, space))
        if (kept === undefined)
          await client.cache.put(
            key,
            (signal) => writeArchive(archive, signal),
            PACKAGE_LIMITS.exactSeconds,
            archive.size
          )
        return { files: archive.files, paths: archive.paths, wide: isWhole(archive) }
      } finally {
        space.release()
      }
    })
  }
}
