import { base64Length } from "../../bundler/files/base64.ts"
import { isGenerated, splitFiles } from "../../bundler/files/read-project.ts"
import { LIMITS } from "../../bundler/limits.ts"
import { CodeTooLarge, InvalidRequest } from "../../domain/Errors.ts"
import type { FileContent, Files } from "../../domain/Order.ts"

/** The most source of a request: 512,000 bytes (500 × 1024) of UTF-8, paths not counted, inclusive. */
export const MAX_SOURCE_BYTES = LIMITS.sourceBytes

/** The most files of source. esbuild's memory grows with their number as well as with their bytes. */
export const MAX_FILES = LIMITS.files

/** The most static files, beside the source. */
export const MAX_ASSETS = 1000

/** The most bytes of static files, beside the source, where `ASSET_LIMIT` is not set: 2 MiB. */
export const MAX_ASSET_BYTES = 2 * 1024 * 1024

/**
 * Returns the error of a project beyond the limits: 400 for too many files, 413 for too many bytes. It is no effect, because most
 * requests come without a payment and end soon after it.
 *
 * @param entries the files.
 * @param assetBytes limits static files.
 * @param atMost the files have at most this many bytes together. Those of a small body are not counted.
 */
export const findExcess = (
  entries: Entries,
  assetBytes: number,
  atMost = Infinity
): InvalidRequest | CodeTooLarge | undefined => {
  // Sources and assets are parts of the whole. Most projects are small, so that there is nothing to split.
  const limit = Math.min(MAX_SOURCE_BYTES, assetBytes)
  if (entries.length <= MAX_FILES && (atMost <= limit || bytesOf(entries) <= limit)) return undefined
  const { sources, assets } = split(Object.fromEntries(entries))
  return findExcessSource(sources) ?? findExcessAssets(assets, assetBytes)
}

type Entries = ReadonlyArray<readonly [path: string, content: FileContent]>

/** Splits files as the bundler does, which checks the limits again. It refuses a configuration that it cannot read later. */
const split = (files: Files): { readonly sources: Entries; readonly assets: Entries } => {
  try {
    return splitFiles(files)
  } catch {
    const isAsset = (path: string): boolean => /^(\.?\/)*(public|dist)\//.test(path)
    const entries = Object.entries(files)
    return {
      sources: entries.filter((it) => !isAsset(it[0]) && !isGenerated(it)),
      assets: entries.filter(([path]) => isAsset(path))
    }
  }
}

const lengthOf = (content: FileContent): number =>
  typeof content === "string" ? Buffer.byteLength(content) : base64Length(content.base64)

const bytesOf = (entries: Entries): number => entries.reduce((sum, [, content]) => sum + lengthOf(content), 0)

/** Returns the advice to leave files out, which names the largest ones. */
const describeLargest = (entries: Entries): string => {
  const sizes = entries.map(([path, content]) => [path, lengthOf(content)] as const)
  const largest = sizes.toSorted(([, one], [, other]) => other - one).slice(0, 3)
  const shown = largest.map(([path, size]) => `${JSON.stringify(path.slice(0, 100))} (${size})`)
  return `Leave out what is not needed. The largest: ${shown.join(", ")}.`
}

const findExcessSource = (entries: Entries): InvalidRequest | CodeTooLarge | undefined => {
  if (entries.length > MAX_FILES) {
    return new InvalidRequest({
      detail: `The project has ${entries.length} files. The limit is ${MAX_FILES}. Leave out what is not needed.`
    })
  }
  const size = bytesOf(entries)
  if (size > MAX_SOURCE_BYTES) {
    return new CodeTooLarge({
      detail: `The sources have ${size} bytes of UTF-8. The limit is ${MAX_SOURCE_BYTES}. ${describeLargest(entries)}`,
      limit_bytes: MAX_SOURCE_BYTES
    })
  }
  return undefined
}

const findExcessAssets = (entries: Entries, limit: number): InvalidRequest | CodeTooLarge | undefined => {
  if (entries.length > MAX_ASSETS) {
    return new InvalidRequest({
      detail: `The project has ${entries.length} static files. The limit is ${MAX_ASSETS}. Leave out what is not needed.`
    })
  }
  const size = bytesOf(entries)
  if (size > limit) {
    return new CodeTooLarge({
      detail: `The static files have ${size} bytes. The limit is ${limit}. ${describeLargest(entries)}`,
      limit_bytes: limit
    })
  }
  return undefined
}
