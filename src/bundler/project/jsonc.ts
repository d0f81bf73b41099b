import type { Diagnostic } from "../diagnostics.ts"

/** A place in a file. */
export type Place = Pick<Diagnostic, "file" | "line" | "column">

export const placeAt = (file: string, source: string, offset: number): Place => {
  let line = 1
  let start = 0
  for (let end = source.indexOf("\n"); end >= 0 && end < offset; end = source.indexOf("\n", start)) {
    line++
    start = end + 1
  }
  return { file, line, column: Math.min(offset, source.length) - start + 1 }
}

/** Returns a line of a source, without its end; "" if there is none. */
export const lineAt = (source: string, line: number): string => {
  let start = 0
  for (let before = 1; before < line; before++) {
    const end = source.indexOf("\n", start)
    if (end < 0) return ""
    start = end + 1
  }
  const end = source.indexOf("\n", start)
  return line < 1 ? "" : source.slice(start, end < 0 ? source.length : end).trimEnd()
}

/** Replaces comments and trailing commas by spaces, so that every place stays where it is. */
export const withoutComments = (source: string): string => {
  const parts: Array<string> = []
  let index = 0
  /** The index of the last comma's part, while only space has followed the comma. */
  let comma = -1
  const take = (end: number) => {
    parts.push(source.slice(index, end))
    index = end
  }
  const blank = (end: number) => {
    parts.push(source.slice(index, end).replace(/[^\n]/g, " "))
    index = end
  }
  while (index < source.length) {
    const character = source.charAt(index)
    if (character === '"') {
      let close = index + 1
      while (close < source.length && !/["\n]/.test(source.charAt(close))) close += source[close] === "\\" ? 2 : 1
      take(close + 1)
      comma = -1
    } else if (source.startsWith("//", index)) {
      const end = source.indexOf("\n", index)
      blank(end < 0 ? source.length : end)
    } else if (source.startsWith("/*", index)) {
      const end = source.indexOf("*/", index + 2)
      blank(end < 0 ? source.length : end + 2)
    } else {
      if ((character === "}" || character === "]") && comma >= 0) parts[comma] = " "
      if (character === ",") comma = parts.length
      else if (!/\s/.test(character)) comma = -1
      take(index + 1)
    }
  }
  return parts.join("")
}

/** A JSON file's value, or its problem. */
export type Json = { readonly value: unknown } | { readonly problem: Diagnostic }

/** Reads JSON, even if it begins with a byte order mark. */
export const parseJson = (file: string, sent: string): Json => {
  const source = sent.replace(/^\uFEFF/, "")
  try {
    return { value: JSON.parse(source) as unknown }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    // V8 says "… in JSON at position 12 (line 1 column 13)", but no position if the text ends too early.
    const place = placeAt(file, source, Number(/at position (\d+)/.exec(message)?.[1] ?? source.length))
    const line = lineAt(sent, place.line)
    const text = `${file} is not JSON: ${message}`
    return {
      problem: {
        ...place,
        text,
        hint: "Correct it or leave it out.",
        ...(line === "" || line.length > 200 ? {} : { source: line })
      }
    }
  }
}

/** Returns an object's own property; `undefined` for everything else. */
export const own = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined

/** Returns an object's own properties in their order; none for everything else. */
export const entriesOf = (value: unknown): ReadonlyArray<readonly [key: string, value: unknown]> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : []
