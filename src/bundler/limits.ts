import { BundleError, type Diagnostic } from "./diagnostics.ts"
import { base64Length, type FileContent } from "./files/base64.ts"

/** Limits of one build. The bundler checks all but the output before it does any work. */
export const LIMITS = {
  /** Bytes of source in UTF-8, paths not counted; 500 × 1024. */
  sourceBytes: 512_000,
  /** The most files, because memory grows with their number as well as with their bytes. */
  files: 500,
  /** Static files, which are counted apart from sources. */
  assets: 1000,
  /** Bytes of static files, where the bundler's options do not say. */
  assetBytes: 2 * 1024 * 1024,
  /** UTF-16 units in one path. */
  pathLength: 512,
  /** Bytes of the bundle in UTF-8. */
  outputBytes: 4 * 1024 * 1024,
  /** Bytes of memory that a build begins with: enough for usual sources up to the limits above. */
  memoryBytes: 48 * 1024 * 1024,
  /** Bytes of memory beyond which a build ends. Unusually dense sources may need more than the initial memory. */
  maxMemoryBytes: 64 * 1024 * 1024,
  /** Builds that compile at the same time in one isolate. */
  builds: 2,
  /** Builds that wait for URL imports at the same time in one isolate. They hold no compiler. */
  waiting: 8
} as const

const refuse = (text: string, hint: string): never => {
  const diagnostic: Diagnostic = { file: "", line: 0, column: 0, text, hint }
  throw new BundleError([diagnostic])
}

/** Counts the bytes of UTF-8 that a string takes, lone surrogates as U+FFFD, without encoding it. */
export const utf8Length = (text: string): number => {
  let bytes = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    if (unit < 0x800) bytes += 1
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) {
      bytes += 2
      index++
    } else bytes += 2
  }
  return bytes
}

/** How many bytes a file has; 0 where it is no file. */
export const contentLength = (content: FileContent): number =>
  typeof content === "string"
    ? utf8Length(content)
    : typeof content?.base64 === "string"
      ? base64Length(content.base64)
      : 0

/** Units first, so that many megabytes are refused without a pass over them. */
const lowerBound = (content: FileContent): number =>
  typeof content === "string" ? content.length : contentLength(content)

const total = (entries: ReadonlyArray<readonly [path: string, content: FileContent]>, limit: number): number => {
  const units = entries.reduce((sum, [, content]) => sum + lowerBound(content), 0)
  return units > limit ? units : entries.reduce((sum, [, content]) => sum + contentLength(content), 0)
}

/**
 * Counts files and bytes of the sources.
 *
 * @returns the bytes of source.
 * @throws {BundleError} if they exceed the limits.
 */
export const checkSources = (entries: ReadonlyArray<readonly [path: string, content: FileContent]>): number => {
  if (entries.length > LIMITS.files)
    refuse(
      `${entries.length} files are too many; at most ${LIMITS.files} are allowed`,
      "Leave out files that are not needed."
    )
  const bytes = total(entries, LIMITS.sourceBytes)
  if (bytes > LIMITS.sourceBytes)
    refuse(
      `The sources are at least ${bytes} bytes of UTF-8; at most ${LIMITS.sourceBytes} are allowed`,
      "Leave out files that are not needed."
    )
  return bytes
}

/**
 * Counts files and bytes of the assets.
 *
 * @throws {BundleError} if they exceed the limits.
 */
export const checkAssets = (
  entries: ReadonlyArray<readonly [path: string, content: FileContent]>,
  maxBytes: number
): void => {
  if (entries.length > LIMITS.assets)
    refuse(
      `${entries.length} assets are too many; at most ${LIMITS.assets} are allowed`,
      "Leave out files that are not needed."
    )
  const bytes = total(entries, maxBytes)
  if (bytes > maxBytes)
    refuse(
      `The assets are at least ${bytes} bytes; at most ${maxBytes} are allowed`,
      "Leave out files that are not needed, or make them smaller."
    )
}

/** @throws {BundleError} if the bundle is larger than a host accepts. */
export const checkOutput = (code: string): void => {
  if (code.length * 3 <= LIMITS.outputBytes) return
  const bytes = utf8Length(code)
  if (bytes > LIMITS.outputBytes)
    refuse(
      `The bundle is ${bytes} bytes; at most ${LIMITS.outputBytes} are allowed`,
      "Import less, or only the parts of a package that are used."
    )
}
