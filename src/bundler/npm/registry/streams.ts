import { withSignal } from "./budget/with-signal.ts"

/** Bytes that are read at a time. The platform's own choice is 4 KiB, which takes three times the CPU. */
const PIECE = 65_536

type Bytes = Uint8Array<ArrayBuffer>

/** A reader that fills a given buffer, where the stream has such readers. */
export const byobReader = (stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined => {
  try {
    return stream.getReader({ mode: "byob" })
  } catch {
    return undefined
  }
}

/**
 * The bytes of a stream, piece by piece. A piece is valid until the next one is asked for. The stream is cancelled when the
 * loop over it ends early, and at the signal.
 */
export async function* piecesOf(stream: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const byob = byobReader(stream)
  const reader = byob ?? stream.getReader()
  let buffer: Bytes = new Uint8Array(PIECE)
  let ended = false
  try {
    for (;;) {
      const reading: Promise<{ done: boolean; value?: Uint8Array | undefined }> =
        byob === undefined ? (reader as ReadableStreamDefaultReader<Uint8Array>).read() : byob.read(buffer)
      const { done, value } = await withSignal(reading, signal)
      ended = done
      if (done || value === undefined) return
      for (let at = 0; at < value.length; at += PIECE) yield value.subarray(at, at + PIECE)
      if (byob !== undefined) buffer = new Uint8Array(value.buffer as ArrayBuffer)
    }
  } finally {
    // Not awaited, because a stream that hangs may hang here too.
    if (!ended) reader.cancel().catch(() => {})
  }
}

/**
 * The text of a stream.
 *
 * @param onBytes gets the number of bytes that came, and of all so far; it may throw.
 */
export const textOf = async (
  stream: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
  onBytes: (count: number, total: number) => void
): Promise<string> => {
  if (stream === null) return ""
  const decoder = new TextDecoder()
  const parts: Array<string> = []
  let total = 0
  for await (const piece of piecesOf(stream, signal)) {
    total += piece.length
    onBytes(piece.length, total)
    parts.push(decoder.decode(piece, { stream: true }))
  }
  parts.push(decoder.decode())
  return parts.join("")
}
