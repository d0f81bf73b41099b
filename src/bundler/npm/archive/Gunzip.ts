import { byobReader } from "../registry/streams.ts"

/**
 * Compressed bytes that are written at a time. workerd's stream expands each write as a whole, whether somebody reads or not,
 * and zeros expand to a thousand times their size: to 4 MiB here.
 */
const FED = 4096

/** Expanded bytes that are read at a time. */
const READ = 65_536

/** How long a write waits for the reader, in milliseconds, when the reader may have nothing to read after all. */
const PAUSE_MS = 1

/** Expands gzip as it comes, and never runs far ahead of the one who takes the bytes. */
export class Gunzip {
  readonly #stream = new DecompressionStream("gzip")
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #drained: Promise<void>
  readonly #onBytes: (bytes: Uint8Array, fed: number) => void
  #failure: { readonly error: unknown } | undefined
  /** Whether the last read was full, so that there is probably more to read. */
  #isBehind = false
  #progress = Promise.withResolvers<void>()
  #fed = 0

  /** @param onBytes takes expanded bytes, valid until it returns, and how many were fed for all so far. It may throw. */
  constructor(onBytes: (bytes: Uint8Array, fed: number) => void) {
    this.#onBytes = onBytes
    this.#writer = this.#stream.writable.getWriter() as WritableStreamDefaultWriter<Uint8Array>
    this.#writer.closed.catch(() => {})
    this.#drained = this.#drain()
  }

  /** @throws what `onBytes` threw, or that the bytes are no gzip. */
  async write(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length; at += FED) {
      // A copy, because Node's stream still reads it after the write has ended.
      const part = piece.slice(at, at + FED)
      this.#fed += part.length
      await this.#unlessFailed(this.#writer.write(part))
      while (this.#isBehind && this.#failure === undefined) await this.#pause()
    }
  }

  /** Ends after all bytes were taken. */
  async end(): Promise<void> {
    await this.#unlessFailed(this.#writer.close())
    await this.#drained
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Gives up. */
  abort(): void {
    this.#failure ??= { error: new Error("given up") }
    this.#writer.abort(this.#failure.error).catch(() => {})
  }

  async #drain(): Promise<void> {
    try {
      const source = this.#stream.readable as ReadableStream<Uint8Array>
      const byob = byobReader(source)
      if (byob === undefined) {
        // Here the stream holds its writer back itself.
        for await (const bytes of source) this.#onBytes(bytes, this.#fed)
        return
      }
      let buffer = new Uint8Array(READ)
      for (;;) {
        const { done, value } = await byob.read(buffer)
        if (done || value === undefined) return
        this.#isBehind = value.length === READ
        this.#onBytes(value, this.#fed)
        this.#wake()
        buffer = new Uint8Array(value.buffer as ArrayBuffer)
      }
    } catch (error) {
      this.#failure ??= { error }
      this.#writer.abort(error).catch(() => {})
      this.#wake()
    }
  }

  #wake(): void {
    this.#progress.resolve()
    this.#progress = Promise.withResolvers<void>()
  }

  /** Until the next read, or a little while: if the output ends where a read ends, the reader waits for the next write. */
  async #pause(): Promise<void> {
    const over = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      this.#isBehind = false
      over.resolve()
    }, PAUSE_MS)
    await Promise.race([this.#progress.promise, over.promise])
    clearTimeout(timer)
  }

  /** A failure of the reader makes writes fail as well, and its error says more. */
  async #unlessFailed(writing: Promise<void>): Promise<void> {
    try {
      await writing
    } catch (error) {
      throw this.#failure === undefined ? error : this.#failure.error
    }
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
