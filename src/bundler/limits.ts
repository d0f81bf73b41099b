import { BundleError, type Diagnostic } from "./diagnostics.ts"

/** Limits of one build. The bundler checks all but the output before it does any work. */
export const LIMITS = {
  /** Bytes of source in UTF-8, paths not counted; 500 × 1024. */
  sourceBytes: 512_000,
  /** The most files, because memory grows with their number as well as with their bytes. */
  files: 500,
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

/**
 * Counts files and bytes.
 *
 * @returns the bytes of source.
 * @throws {BundleError} if they exceed the limits.
 */
export const checkSources = (entries: ReadonlyArray<readonly [path: string, source: string]>): number => {
  if (entries.length > LIMITS.files)
    refuse(
      `${entries.length} files are too many; at most ${LIMITS.files} are allowed`,
      "Leave out files that are not needed."
    )
  // Units are counted first, so that many megabytes are refused without a pass over them.
  const units = entries.reduce((sum, [, source]) => sum + source.length, 0)
  const bytes = units > LIMITS.sourceBytes ? units : entries.reduce((sum, [, source]) => sum + utf8Length(source), 0)
  if (bytes > LIMITS.sourceBytes)
    refuse(
      `The sources are at least ${bytes} bytes of UTF-8; at most ${LIMITS.sourceBytes} are allowed`,
      "Leave out files that are not needed."
    )
  return bytes
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
