/** A place in the author's files; line and column from 1, the column in UTF-16 units. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Finds the source of a place in a bundle, with line and column from 1; undefined for generated code. */
export type Origin = (line: number, column: number) => Position | undefined

interface Segment {
  /** From 0, as in the map. */
  readonly column: number
  readonly origin: Position | undefined
}

const digits = new Map(
  [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].map((char, value) => [char, value])
)

/** Decodes the numbers of one segment: base64 digits of five bits, least significant first, the sign in the lowest bit. */
const decode = (segment: string): ReadonlyArray<number> => {
  const numbers: Array<number> = []
  let value = 0
  let shift = 0
  for (const char of segment) {
    const digit = digits.get(char) ?? 0
    value += (digit & 31) << shift
    shift += 5
    if (digit & 32) continue
    numbers.push(value & 1 ? -(value >> 1) : value >> 1)
    value = shift = 0
  }
  return numbers
}

/** Reads the segments of each line. All numbers except the bundle's column continue from one line to the next. */
const read = (sources: ReadonlyArray<string>, mappings: string): ReadonlyArray<ReadonlyArray<Segment>> => {
  let [source, line, column] = [0, 0, 0]
  return mappings.split(";").map((text) => {
    let start = 0
    return text === ""
      ? []
      : text.split(",").map((segment) => {
          const [start_ = 0, source_, line_ = 0, column_ = 0] = decode(segment)
          start += start_
          if (source_ === undefined) return { column: start, origin: undefined }
          source += source_
          line += line_
          column += column_
          return { column: start, origin: { file: sources[source] ?? "", line: line + 1, column: column + 1 } }
        })
  })
}

/** Reads a source map, JSON text of version 3, when the first place is asked for. An invalid map gives no places. */
export const originsOf = (map: string): Origin => {
  let lines: ReadonlyArray<ReadonlyArray<Segment>> | undefined
  const load = () => {
    try {
      const { sources, mappings } = JSON.parse(map) as { sources: ReadonlyArray<string>; mappings: string }
      return read(sources, mappings)
    } catch {
      return []
    }
  }
  return (line, column) => {
    lines ??= load()
    return lastBefore(lines[line - 1] ?? [], column)?.origin
  }
}

/**
 * Finds the last segment that begins before a column. The segments are in order, and one line may have hundreds of thousands.
 */
const lastBefore = (segments: ReadonlyArray<Segment>, column: number): Segment | undefined => {
  let from = 0
  let to = segments.length
  while (from < to) {
    const middle = (from + to) >> 1
    if (segments[middle]!.column < column) from = middle + 1
    else to = middle
  }
  return segments[from - 1]
}

/** Whether a position is in a file that the author sent, and not in a package or a module that was fetched. */
export const isOwn = ({ file }: Position): boolean => !/^[\w-]+:/.test(file)

/** Finds the places in a module that a text names, for example a stack: `worker.js:3:7`. */
export const framesIn = (text: string, main: string): ReadonlyArray<readonly [line: number, column: number]> =>
  [...text.slice(0, 16_000).matchAll(frame(main))].map(([, , line, column]) => [Number(line), Number(column)] as const)

// bounded: a line of a stack, or 16,000 characters
const frame = (main: string) => new RegExp(`(^|[\\s(/])${main.replace(/\W/g, "\\$&")}:(\\d{1,9}):(\\d{1,9})`, "gm")

/**
 * Writes a stack as its author would read it: `at run (src/index.ts:5:9)`. It leaves out frames of generated code. The first
 * line, which repeats the message, is unchanged.
 */
export const mapStack = (stack: string, main: string, origin: Origin): string =>
  stack
    .split("\n")
    .flatMap((line) => {
      if (!/^\s+at /.test(line)) return [line]
      let isGenerated = false
      const mapped = line.replace(frame(main), (_, before: string, row: string, column: string) => {
        const at = origin(Number(row), Number(column))
        isGenerated ||= at === undefined
        return at === undefined ? before : `${before}${at.file}:${at.line}:${at.column}`
      })
      return isGenerated ? [] : [mapped]
    })
    .join("\n")
