import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import { InvalidRequest } from "../../domain/Errors.ts"

/** A body as it came: its bytes, unless there were too many to hold, and the SHA-256 (hex) of all of them. */
export interface Body {
  readonly size: number
  readonly sha256: string
  /** `undefined` where `size` is above the limit. */
  readonly bytes: Uint8Array | undefined
}

/**
 * Reads a body to its end and hashes it. One above `limit` bytes is counted and discarded, never held: an answer that is
 * sent before the body was consumed breaks the connection instead of arriving.
 */
export const readBody = (request: Request, limit: number): Effect.Effect<Body, InvalidRequest> =>
  Effect.tryPromise({
    try: () => (announcedLength(request) <= limit ? readWhole(request) : readStream(request.body, limit)),
    catch: () => new InvalidRequest({ detail: "The request body ended early. Send the request again." })
  })

/** Reads a body to its end and keeps nothing of it: for an answer that does not depend on it. One that breaks off is at its end. */
export const discardBody = (request: Request): Effect.Effect<void> =>
  request.body === null
    ? Effect.void
    : Effect.promise(() =>
        readStream(request.body, 0).then(
          () => undefined,
          () => undefined
        )
      )

/** How long the body is going to be; HTTP ends it there. Unknown is as long as can be. */
const announcedLength = ({ headers }: Request): number => Number(headers.get("content-length") ?? Infinity)

/** All at once: for the usual, small body this costs a tenth of reading the stream. */
const readWhole = async (request: Request): Promise<Body> => {
  const bytes = new Uint8Array(await request.arrayBuffer())
  return { size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex"), bytes }
}

const readStream = async (stream: ReadableStream<Uint8Array> | null, limit: number): Promise<Body> => {
  const hash = createHash("sha256")
  let chunks: Array<Uint8Array> = []
  let size = 0
  if (stream !== null) {
    const reader = stream.getReader({ mode: "byob" })
    // One buffer, lent to every read: what is discarded shall not wait for the garbage collector either.
    let buffer: ArrayBufferLike = new ArrayBuffer(65_536)
    for (;;) {
      const { done, value }: ReadableStreamReadResult<Uint8Array> = await reader.read(new Uint8Array(buffer))
      if (done) break
      size += value.length
      if (size > limit) {
        chunks = []
      } else {
        hash.update(value)
        chunks.push(value.slice())
      }
      buffer = value.buffer
    }
  }
  return { size, sha256: hash.digest("hex"), bytes: size > limit ? undefined : Buffer.concat(chunks) }
}
