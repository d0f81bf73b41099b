import type { Algorithm } from "./integrity.ts"

/** Hashes bytes as they come. */
export interface Hasher {
  /** The piece must stay as it is until this ends. */
  readonly update: (piece: Uint8Array) => Promise<void>
  /** In base64. Nothing can be added then. */
  readonly digest: () => Promise<string>
  /** Ends without a digest. */
  readonly abort: () => void
}

/** workerd's own stream that hashes; other platforms lack it. */
type DigestStreamClass = new (
  algorithm: string
) => WritableStream<Uint8Array> & { readonly digest: Promise<ArrayBuffer> }

/** The native one of workerd, and of Node on other platforms: `crypto.subtle` takes whole archives only. */
export const makeHasher = async (algorithm: Algorithm): Promise<Hasher> => {
  const { DigestStream } = crypto as { readonly DigestStream?: DigestStreamClass }
  if (DigestStream === undefined) {
    const { createHash } = await import("node:crypto")
    const hash = createHash(algorithm.replace("-", "").toLowerCase())
    return {
      update: async (piece) => void hash.update(piece),
      digest: async () => hash.digest("base64"),
      abort: () => {}
    }
  }
  const stream = new DigestStream(algorithm)
  const writer = stream.getWriter()
  // It rejects after an abort, when nobody awaits it.
  stream.digest.catch(() => {})
  writer.closed.catch(() => {})
  return {
    update: (piece) => writer.write(piece),
    digest: async () => {
      await writer.close()
      return btoa(String.fromCharCode(...new Uint8Array(await stream.digest)))
    },
    abort: () => void writer.abort().catch(() => {})
  }
}
