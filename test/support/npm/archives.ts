import { createHash } from "node:crypto"
import { gzipSync } from "node:zlib"

/** One entry of a tar archive. */
export interface Entry {
  readonly path: string
  readonly body?: string | Uint8Array
  /** "0" is a file, which is the default, "2" a link, "5" a folder, "x" a pax header, "L" a long name. */
  readonly type?: string
  /** The size that the header claims, where it is not the body's. */
  readonly size?: number
  readonly prefix?: string
  readonly link?: string
}

const BLOCK = 512

const header = ({ path, type = "0", prefix = "", link = "" }: Entry, size: number): Buffer => {
  const block = Buffer.alloc(BLOCK)
  block.write(path, 0, 100)
  block.write("0000644\0", 100)
  block.write(`${size.toString(8).padStart(11, "0")}\0`, 124)
  block.write("        ", 148)
  block.write(type, 156)
  block.write(link, 157, 100)
  block.write("ustar\u000000", 257)
  block.write(prefix, 345, 155)
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148)
  return block
}

const bytesOf = (body: string | Uint8Array): Uint8Array => (typeof body === "string" ? Buffer.from(body) : body)

/** A tar archive. */
export const tar = (entries: ReadonlyArray<Entry>): Buffer =>
  Buffer.concat([
    ...entries.flatMap((entry) => {
      const body = bytesOf(entry.body ?? "")
      return [header(entry, entry.size ?? body.length), body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)]
    }),
    Buffer.alloc(2 * BLOCK)
  ])

/** A record of a pax header, which begins with its own length. */
export const paxRecord = (key: string, value: string): string => {
  const rest = ` ${key}=${value}\n`
  const length = Buffer.byteLength(rest)
  const digits = String(length + String(length + 1).length).length
  return `${length + digits}${rest}`
}

/** A package's archive: its files by path, `package.json` first. */
export const pack = (
  name: string,
  version: string,
  files: Readonly<Record<string, string | Uint8Array>> = {}
): Buffer =>
  gzipSync(
    tar(
      Object.entries({
        "package.json": JSON.stringify({ name, version }),
        "index.js": "export default 1",
        ...files
      }).map(([path, body]) => ({ path: `package/${path}`, body }))
    )
  )

/** The integrity of an archive, as registries and locks write it. */
export const integrityOf = (archive: Uint8Array, algorithm = "sha512"): string =>
  `${algorithm}-${createHash(algorithm).update(archive).digest("base64")}`

/** The older hash of an archive. */
export const shasumOf = (archive: Uint8Array): string => createHash("sha1").update(archive).digest("hex")
