import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import { InvalidRequest } from "../../domain/Errors.ts"

/** A body as received: its bytes, unless they exceed the limit, and the SHA-256 (hex) of all of them, computed when it is read. */
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
export const readBody = (request: Request, limit: number): Effect.Effect<Body, InvalidRequest> => {
  const known = received.get(request)
  if (known !== undefined) return known === "broken" ? endedEarly() : Effect.succeed(toBody(known, limit))
  return Effect.tryPromise({
    try: () =>
      announcedLength(request.headers) <= limit
        ? request.arrayBuffer().then((bytes) => toBody(new Uint8Array(bytes), limit))
        : readStream(request.body, limit),
    catch: endedEarly
  })
}

/** A body that was read before the router saw its request. A broken one ended early. */
export type Received = Uint8Array | "broken"

const received = new WeakMap<Request, Received>()

/** The largest body that is read before the router sees its request, in bytes. */
const MAX_RECEIVED = 65_536

/**
 * Reads a small body before the router sees its request, and returns `undefined` if there is none to read. All that the router
 * does for most requests then happens in one step. A fiber that waits for a body costs a tenth of an unpaid request, because
 * it keeps its asynchronous context.
 */
export const receiveBody = (request: Request, headers: Headers): Promise<Received> | undefined =>
  announcedLength(headers) <= MAX_RECEIVED
    ? request.arrayBuffer().then(
        (bytes) => new Uint8Array(bytes),
        () => "broken"
      )
    : undefined

/** Keeps a received body, so that `readBody` and `discardBody` find it behind the router. */
export const keepReceived = (request: Request, body: Received): void => void received.set(request, body)

/**
 * Frees the memory of a large body that nobody reads any more. Otherwise it waits for a collection of the whole heap, and large bodies
 * cause so many of these that they cost a fifth of an unpaid request. A part of a buffer stays, because others may have the rest.
 */
export const freeBody = ({ buffer, byteLength }: Uint8Array): void => {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength && byteLength > MAX_RECEIVED) buffer.transfer(0)
}

/** Reads a body to its end and keeps nothing, for an answer that does not depend on it. A body may end early. */
export const discardBody = (request: Request): Effect.Effect<void> =>
  received.has(request) || request.body === null
    ? Effect.void
    : Effect.promise(() =>
        readStream(request.body, 0).then(
          () => undefined,
          () => undefined
        )
      )

/** Returns the announced length of the body, which HTTP enforces; Infinity if it is unknown. */
const announcedLength = (headers: Headers): number => Number(headers.get("content-length") ?? Infinity)

const endedEarly = () => new InvalidRequest({ detail: "The request body ended early. Send the request again." })

/** Returns a body that was read at once. For a small body, as usual, that costs a tenth of reading the stream. */
export const toBody = (bytes: Uint8Array, limit: number): Body => new WholeBody(bytes, limit)

class WholeBody implements Body {
  readonly bytes: Uint8Array | undefined
  readonly #all: Uint8Array

  constructor(bytes: Uint8Array, limit: number) {
    this.bytes = bytes.length > limit ? undefined : bytes
    this.#all = bytes
  }

  get size() {
    return this.#all.length
  }

  // Most refused requests need no hash.
  get sha256() {
    return createHash("sha256").update(this.#all).digest("hex")
  }
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
