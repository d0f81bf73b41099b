import { PACKAGE_LIMITS } from "../limits.ts"
import { piecesOf } from "../registry/streams.ts"
import type { Unpacked } from "../types.ts"

/** The longest index: 20,000 paths of 300 characters. */
const MAX_INDEX = 8 << 20

/** workerd's stream of a known length. */
type FixedLength = new (length: number) => TransformStream<Uint8Array, Uint8Array>

/** A path and the number of its bytes; −1 if they are not held. */
type Entry = readonly [path: string, size: number]

const isEntry = (value: unknown): value is Entry =>
  Array.isArray(value) && typeof value[0] === "string" && Number.isSafeInteger(value[1])

/**
 * The files of an archive as bytes: the length of an index in four bytes, the index as JSON, and the files.
 *
 * @param signal ends it when nobody reads any more.
 */
export const writeArchive = (
  { files, paths }: Pick<Unpacked, "files" | "paths">,
  signal: AbortSignal
): ReadableStream<Uint8Array> => {
  const absent = [...paths].filter((path) => !files.has(path)).map((path): Entry => [path, -1])
  const entries = [...[...files].map(([path, bytes]): Entry => [path, bytes.length]), ...absent]
  const index = new TextEncoder().encode(JSON.stringify(entries))
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, index.length)
  const parts = [length, index, ...files.values()].filter((part) => part.length > 0)
  const { FixedLengthStream } = globalThis as { readonly FixedLengthStream?: FixedLength }
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  const { readable, writable } = FixedLengthStream === undefined ? new TransformStream() : new FixedLengthStream(size)
  const writer = writable.getWriter()
  const abort = () => void writer.abort(signal.reason).catch(() => {})
  const write = async () => {
    signal.addEventListener("abort", abort)
    for (const part of parts) await writer.write(part)
    await writer.close()
    signal.removeEventListener("abort", abort)
  }
  writer.closed.catch(() => {})
  write().catch(() => {})
  return readable
}

/**
 * Reads what `writeArchive` wrote.
 *
 * @throws {Error} if it is not all there.
 */
export const readArchive = async (body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<Unpacked> => {
  const head = new Uint8Array(4)
  let index: Uint8Array | undefined
  let left: Array<readonly [string, Uint8Array]> | undefined
  const files = new Map<string, Uint8Array>()
  const paths = new Set<string>()
  let target: Uint8Array = head
  let filled = 0
  /** The next thing that is to be filled; `undefined` after the last. */
  const next = (): Uint8Array | undefined => {
    if (index === undefined) {
      const size = new DataView(head.buffer).getUint32(0)
      if (size > MAX_INDEX) throw new Error("no index")
      return (index = new Uint8Array(size))
    }
    left ??= open(index, files, paths)
    const entry = left.pop()
    if (entry !== undefined) files.set(...entry)
    return entry?.[1]
  }
  let isWhole = false
  const advance = () => {
    while (!isWhole && filled === target.length) {
      const following = next()
      filled = 0
      if (following === undefined) isWhole = true
      else target = following
    }
  }
  for await (const piece of piecesOf(body, signal)) {
    for (let offset = 0; offset < piece.length;) {
      if (isWhole) throw new Error("it is too long")
      const part = Math.min(target.length - filled, piece.length - offset)
      target.set(piece.subarray(offset, offset + part), filled)
      filled += part
      offset += part
      advance()
    }
  }
  if (!isWhole) throw new Error("it is cut off")
  const size = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0)
  return { files, paths, size }
}

/** The files that an index names, the last first. */
const open = (index: Uint8Array, files: Map<string, Uint8Array>, paths: Set<string>) => {
  const entries: unknown = JSON.parse(new TextDecoder().decode(index))
  if (!Array.isArray(entries) || !entries.every(isEntry)) throw new Error("no index")
  const total = entries.reduce((sum, [, size]) => sum + Math.max(0, size), 0)
  if (total > PACKAGE_LIMITS.packageBytes) throw new Error("it is too large")
  const held: Array<readonly [string, Uint8Array]> = []
  for (const [path, size] of entries) {
    paths.add(path)
    if (size > 0) held.push([path, new Uint8Array(size)])
    else if (size === 0) files.set(path, new Uint8Array())
  }
  return held.toReversed()
}
