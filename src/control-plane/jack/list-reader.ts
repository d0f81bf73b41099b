/** The longest row that is read, in bytes. Jack's have some 400. A longer one is skipped. */
const MAX_ROW_BYTES = 65_536

/** The most bytes beside the rows. Jack's answer has 15. */
const MAX_ENVELOPE_BYTES = 65_536

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Bytes up to a limit, in memory that never grows. */
class Bytes {
  readonly #buffer: Uint8Array
  readonly #decoder = new TextDecoder()
  #length = 0

  constructor(limit: number) {
    this.#buffer = new Uint8Array(limit)
  }

  /** Whether more came than fits. What came is lost then. */
  get isTooLong(): boolean {
    return this.#length > this.#buffer.length
  }

  get text(): string {
    return this.#decoder.decode(this.#buffer.subarray(0, this.#length))
  }

  add(bytes: Uint8Array): void {
    if (this.#length + bytes.length <= this.#buffer.length) this.#buffer.set(bytes, this.#length)
    this.#length = Math.min(this.#length + bytes.length, this.#buffer.length + 1)
  }

  clear(): void {
    this.#length = 0
  }
}

/**
 * Reads `{"<name>": [row, …], …}` piece by piece, in memory that does not depend on the number of rows or on their lengths. It finds
 * where rows begin and end, and `JSON.parse` reads each row, and once the rest. A parser of tokens takes four times the CPU, and
 * holds a row of any length.
 */
export class ListReader {
  readonly #row = new Bytes(MAX_ROW_BYTES)
  readonly #envelope = new Bytes(MAX_ENVELOPE_BYTES)
  readonly #name: string
  #depth = 0
  #inString = false
  #escaped = false
  #inRows = false
  /** Whether the list has had a row, so that nothing between `[` and `]` is no row. */
  #hasRows = false
  /** How many rows were too long. */
  skipped = 0

  constructor(name: string) {
    this.#name = name
  }

  /**
   * Takes the next bytes, and returns the rows that end in them, of whatever shape.
   *
   * @throws SyntaxError if they are no JSON, and RangeError if too much stands beside the rows.
   */
  write(bytes: Uint8Array): ReadonlyArray<unknown> {
    const rows: Array<unknown> = []
    // The bytes from here belong to the row, or to the rest.
    let from = 0
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false
        else if (byte === BACKSLASH) this.#escaped = true
        else if (byte === QUOTE) this.#inString = false
      } else if (byte === QUOTE) this.#inString = true
      else if (byte === OPEN_OBJECT) this.#depth++
      else if (byte === CLOSE_OBJECT) this.#depth--
      else if (byte === OPEN_ARRAY) {
        if (this.#depth++ !== 1) continue
        this.#envelope.add(bytes.subarray(from, at + 1))
        from = at + 1
        this.#inRows = this.#isNamed()
        this.#hasRows = false
      } else if (byte === CLOSE_ARRAY) {
        if (--this.#depth !== 1 || !this.#inRows) continue
        this.#row.add(bytes.subarray(from, at))
        from = at
        if (this.#hasRows || this.#row.text.trim() !== "") this.#end(rows)
        this.#row.clear()
        this.#inRows = false
      } else if (byte === COMMA && this.#inRows && this.#depth === 2) {
        this.#row.add(bytes.subarray(from, at))
        from = at + 1
        this.#end(rows)
      }
    }
    const sink = this.#inRows ? this.#row : this.#envelope
    sink.add(bytes.subarray(from))
    if (this.#envelope.isTooLong) throw new RangeError("too much stands beside the rows")
    return rows
  }

  /**
   * Ends the answer.
   *
   * @throws SyntaxError if it was cut off or is no JSON, and TypeError if it has no such list.
   */
  end(): void {
    const rest: unknown = JSON.parse(this.#envelope.text)
    const list = typeof rest === "object" && rest !== null ? Reflect.get(rest, this.#name) : undefined
    if (this.#inRows || !Array.isArray(list)) throw new TypeError(`there is no list of ${this.#name}`)
  }

  /** Whether the array that has just begun is the list. */
  #isNamed(): boolean {
    // The name and its colon are the end of the text. A quote after a backslash is within another name.
    const key = JSON.stringify(this.#name)
    const before = this.#envelope.text.slice(0, -1).trimEnd()
    if (!before.endsWith(":")) return false
    const name = before.slice(0, -1).trimEnd()
    return name.endsWith(key) && name.at(-key.length - 1) !== "\\"
  }

  #end(rows: Array<unknown>): void {
    this.#hasRows = true
    if (this.#row.isTooLong) this.skipped++
    else rows.push(JSON.parse(this.#row.text))
    this.#row.clear()
  }
}
