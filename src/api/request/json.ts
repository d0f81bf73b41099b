/** Limits on the structure of a JSON text. */
export interface JsonLimits {
  /** The deepest nesting of objects and arrays. */
  readonly depth: number
  /** The most objects, lists and fields of objects in total. */
  readonly fields: number
}

/** A JSON text is nested too deeply, or has too many fields. It was not parsed. */
export class JsonTooLarge extends Error {
  readonly limit: keyof JsonLimits

  constructor(limit: keyof JsonLimits) {
    super(limit)
    this.limit = limit
  }
}

/**
 * Shorter texts are parsed without a count. Counting costs as much as parsing an ordinary text, and no text of this size takes
 * more than a tenth of a second.
 */
const COUNTED_BYTES = 768 * 1024

// It is made once, because that takes forty times as long as decoding a small body with it.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false })

/**
 * Parses JSON after counting its fields, lists and nesting, because JSON.parse spends microseconds on each field with a new
 * name, and later code on each list: a second for the four megabytes of the largest body.
 *
 * @throws JsonTooLarge beyond the limits, SyntaxError for no JSON, TypeError for no UTF-8.
 */
export const parseJson = (bytes: Uint8Array, limits: JsonLimits, countedBytes = COUNTED_BYTES): unknown => {
  if (bytes.length > countedBytes) count(bytes, limits)
  return JSON.parse(utf8.decode(bytes))
}

const [quote, backslash, colon] = [0x22, 0x5c, 0x3a]
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d]

const count = (bytes: Uint8Array, limits: JsonLimits): void => {
  let depth = 0
  let fields = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === quote) at = endOfString(bytes, at)
    else if (byte === openBrace || byte === openBracket) {
      if (++depth > limits.depth) throw new JsonTooLarge("depth")
      if (++fields > limits.fields) throw new JsonTooLarge("fields")
    } else if (byte === closeBrace || byte === closeBracket) depth--
    else if (byte === colon && ++fields > limits.fields) throw new JsonTooLarge("fields")
  }
}

/** Finds the end of the string that begins at `open`: a quote with an even number of backslashes before it. */
const endOfString = (bytes: Uint8Array, open: number): number => {
  for (let at = bytes.indexOf(quote, open + 1); at !== -1; at = bytes.indexOf(quote, at + 1)) {
    let before = at
    while (bytes[before - 1] === backslash) before--
    if ((at - before) % 2 === 0) return at
  }
  return bytes.length
}
