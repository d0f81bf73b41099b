import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import { InvalidRequest } from "../../domain/Errors.ts"

/** A body as received: its bytes, unless they exceed the limit, and the SHA-256 (hex) of all of them. */
export interface Body {
  readonly size: number
  readonly sha256: string
  /** `undefined` if `size` is above the limit. */
  readonly bytes: Uint8Array | undefined
}

/**
 * Reads a body to its end and hashes it. Above `limit` bytes it counts and discards the rest, because an answer that is sent
 * before the body was consumed breaks the connection instead of arriving.
 */
export const readBody = (request: Request, limit: number): Effect.Effect<Body, InvalidRequest> =>
  Effect.tryPromise({
    try: () => (announcedLength(request) <= limit ? readWhole(request) : readStream(request.body, limit)),
    catch: () => new InvalidRequest({ detail: "The request body ended early. Send the request again." })
  })

/** Reads a body to its end and keeps nothing, for an answer that does not depend on it. A body may end early. */
export const discardBody = (request: Request): Effect.Effect<void> =>
  request.body === null
    ? Effect.void
    : Effect.promise(() =>
        readStream(request.body, 0).then(
          () => undefined,
          () => undefined
        )
      )

/** Returns the announced length of the body, which HTTP enforces; Infinity if it is unknown. */
const announcedLength = ({ headers }: Request): number => Number(headers.get("content-length") ?? Infinity)

/** Reads a body at once. For a small body, as usual, this costs a tenth of reading the stream. */
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
    // Every read uses the same buffer, so that discarded bytes do not wait for the garbage collector.
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
