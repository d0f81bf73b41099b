import { BLOCK, type EntryKind, isZero, pathInPackage, readHeader, readPax, textAt } from "./tar-header.ts"

/** The longest header that extends another one; a path of 300 characters needs 400 bytes. */
const MAX_EXTENSION = 65_536

/** Decides about an archive's files. */
export interface TarReader {
  /** Whether a file's bytes are wanted, by its path in the package and its size. It may throw. */
  readonly wants: (path: string, size: number) => boolean
  readonly onFile: (path: string, bytes: Uint8Array) => void
}

/** Reads a tar archive chunk by chunk. It holds one header, and the bytes of one file if they are wanted. */
export class Untar {
  readonly #reader: TarReader
  readonly #block = new Uint8Array(BLOCK)
  /** Entries of every kind. */
  entries = 0
  #filled = 0
  /** Bytes of the entry and of the space behind it that are to come. */
  #left = 0
  #padding = 0
  #target: Uint8Array | undefined
  #path = ""
  #kind: EntryKind = "other"
  /** Extensions of the next entry's header. */
  #extended: ReadonlyMap<string, string> = new Map()
  #zeros = 0

  constructor(reader: TarReader) {
    this.#reader = reader
  }

  /** Whether the archive's end was read. Bytes after it are ignored. */
  get hasEnded(): boolean {
    return this.#zeros >= 2 && this.entries > 0
  }

  /** @throws {Error} if it is no archive, or what the reader throws. */
  write(chunk: Uint8Array): void {
    for (let offset = 0; offset < chunk.length && !this.hasEnded;) {
      const rest = chunk.length - offset
      let part: number
      if (this.#left > 0) {
        part = Math.min(this.#left, rest)
        this.#target?.set(chunk.subarray(offset, offset + part), this.#target.length - this.#left)
        this.#left -= part
        if (this.#left === 0) this.#finish()
      } else if (this.#padding > 0) {
        part = Math.min(this.#padding, rest)
        this.#padding -= part
      } else {
        part = Math.min(BLOCK - this.#filled, rest)
        this.#block.set(chunk.subarray(offset, offset + part), this.#filled)
        this.#filled += part
        if (this.#filled === BLOCK) this.#open()
      }
      offset += part
    }
  }

  /** @throws {Error} if the archive was cut off. Some programs leave out the zeros at its end. */
  end(): void {
    if (this.#left > 0 || this.#filled > 0 || this.entries === 0) throw new Error("the archive is cut off")
  }

  #open(): void {
    this.#filled = 0
    if (isZero(this.#block)) {
      this.#zeros += 1
      return
    }
    this.#zeros = 0
    this.entries += 1
    const header = readHeader(this.#block)
    this.#kind = header.kind
    this.#target = undefined
    const isExtension = header.kind === "pax" || header.kind === "long-name" || header.kind === "ignored"
    this.#left = isExtension ? this.#openExtension(header.size) : this.#openFile(header.name, header.size)
    this.#padding = (BLOCK - (this.#left % BLOCK)) % BLOCK
    if (this.#left === 0) this.#finish()
  }

  #openExtension(size: number): number {
    if (size > MAX_EXTENSION) throw new Error("it has a header that is too long")
    if (this.#kind !== "ignored") this.#target = new Uint8Array(size)
    return size
  }

  #openFile(name: string, said: number): number {
    const size = this.#kind === "file" ? Number(this.#extended.get("size") ?? said) : said
    const path = this.#kind === "file" ? pathInPackage(this.#extended.get("path") ?? name) : undefined
    this.#extended = new Map()
    if (!Number.isSafeInteger(size) || size < 0) throw new Error("it has an entry without a size")
    if (path === undefined || !this.#reader.wants(path, size)) return size
    this.#path = path
    this.#target = new Uint8Array(size)
    return size
  }

  #finish(): void {
    const bytes = this.#target
    this.#target = undefined
    if (bytes === undefined) return
    if (this.#kind === "file") this.#reader.onFile(this.#path, bytes)
    else if (this.#kind === "long-name")
      this.#extended = new Map([...this.#extended, ["path", textAt(bytes, 0, bytes.length)]])
    else this.#extended = new Map([...this.#extended, ...readPax(bytes)])
  }
}
