/** Bytes of a header, and the unit of everything in an archive. */
export const BLOCK = 512

const decoder = new TextDecoder()

/** An entry's kind. Links, folders and devices are `other`. */
export type EntryKind = "file" | "pax" | "long-name" | "ignored" | "other"

/** One entry of an archive. */
export interface TarHeader {
  readonly kind: EntryKind
  readonly name: string
  /** Bytes that follow the header. */
  readonly size: number
}

/** Text of a field, which ends at a zero. */
export const textAt = (bytes: Uint8Array, start: number, length: number): string => {
  const field = bytes.subarray(start, start + length)
  const end = field.indexOf(0)
  return decoder.decode(end < 0 ? field : field.subarray(0, end))
}

const numberAt = (block: Uint8Array, start: number, length: number): number => {
  // Base 256, for numbers that need more than the octal digits.
  if (((block[start] ?? 0) & 0x80) !== 0)
    return block.subarray(start + 1, start + length).reduce((sum, byte) => sum * 256 + byte, (block[start] ?? 0) & 0x7f)
  const digits = textAt(block, start, length).trim()
  return digits === "" ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN
}

/** The sum of a header's bytes, its own field taken as blanks. */
const sumOf = (block: Uint8Array): number => {
  let sum = 8 * 0x20
  for (let index = 0; index < BLOCK; index++) if (index < 148 || index >= 156) sum += block[index] ?? 0
  return sum
}

const KINDS: ReadonlyMap<string, EntryKind> = new Map([
  ["0", "file"],
  ["\0", "file"],
  ["7", "file"],
  ["x", "pax"],
  ["L", "long-name"],
  ["g", "ignored"],
  ["K", "ignored"],
  ["N", "ignored"]
])

/** Whether a block has nothing but zeros. Two of them end an archive. */
export const isZero = (block: Uint8Array): boolean => block[0] === 0 && block.every((byte) => byte === 0)

/** @throws {Error} if the block is no header. */
export const readHeader = (block: Uint8Array): TarHeader => {
  const size = numberAt(block, 124, 12)
  if (numberAt(block, 148, 8) !== sumOf(block) || !Number.isSafeInteger(size)) throw new Error("no header")
  const prefix = textAt(block, 257, 5) === "ustar" ? textAt(block, 345, 155) : ""
  const ending = textAt(block, 0, 100)
  const name = prefix === "" ? ending : `${prefix}/${ending}`
  const type = String.fromCharCode(block[156] ?? 0)
  // Some programs write a folder's size, although nothing follows; old ones write folders as files.
  if (type === "5" || (KINDS.get(type) === "file" && name.endsWith("/"))) return { kind: "other", name, size: 0 }
  return { kind: KINDS.get(type) ?? "other", name, size }
}

/** The records of a pax header: `<length> <key>=<value>\n`, the length in bytes. */
export const readPax = (bytes: Uint8Array): ReadonlyMap<string, string> => {
  const records = new Map<string, string>()
  for (let offset = 0; offset < bytes.length;) {
    const space = bytes.indexOf(0x20, offset)
    const length = space < 0 || space - offset > 9 ? Number.NaN : Number(decoder.decode(bytes.subarray(offset, space)))
    if (!(length > space - offset + 1) || offset + length > bytes.length) throw new Error("no pax header")
    const record = decoder.decode(bytes.subarray(space + 1, offset + length - 1))
    const equals = record.indexOf("=")
    if (equals > 0) records.set(record.slice(0, equals), record.slice(equals + 1))
    offset += length
  }
  return records
}

/** The path in the package: npm drops the first folder, whatever its name. `undefined` for a path that leads out of it. */
export const pathInPackage = (name: string): string | undefined => {
  if (name.startsWith("/") || name.includes("\\") || name.includes("\0") || /^[a-z]:/i.test(name)) return undefined
  const parts = name.split("/").filter((part) => part !== "" && part !== ".")
  return parts.length < 2 || parts.includes("..") ? undefined : parts.slice(1).join("/")
}
