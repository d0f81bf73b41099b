import type { Path } from "./locate-json.ts"

const isBlank = (character: string): boolean => character === " " || character === "\t"

/** The index behind the string that begins at `start`: basic or literal, of one line or of several. */
const endOfString = (text: string, start: number): number => {
  const quote = text.charAt(start)
  const isLong = text.startsWith(quote.repeat(3), start)
  let index = start + (isLong ? 3 : 1)
  while (index < text.length) {
    if (quote === '"' && text[index] === "\\") index += 2
    else if (!isLong && text[index] === quote) return index + 1
    else if (isLong && text.startsWith(quote.repeat(3), index)) {
      index += 3
      // Up to two more quotes belong to the text.
      while (text[index] === quote) index++
      return index
    } else index++
  }
  return index
}

const unquoted = (text: string): unknown => {
  if (!text.startsWith('"')) return text.startsWith("'") ? text.slice(1, -1) : text
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A dotted key and the index behind it, which is that of `=` or `]`. */
const readKey = (text: string, start: number): { readonly parts: ReadonlyArray<unknown>; readonly end: number } => {
  const parts: Array<unknown> = []
  let index = start
  while (index < text.length && !"=]\n".includes(text.charAt(index))) {
    const character = text.charAt(index)
    if (isBlank(character) || character === ".") {
      index++
      continue
    }
    let end = index
    if (character === '"' || character === "'") end = endOfString(text, index)
    else while (end < text.length && !" \t.=]\n".includes(text.charAt(end))) end++
    parts.push(unquoted(text.slice(index, end)))
    index = end
  }
  return { parts, end: index }
}

/**
 * Finds the key, the table or the list's element that a path leads to; where there is none, the deepest on the way. One pass
 * without recursion, because a text may be nested as deep as it is long.
 *
 * @param text valid TOML.
 * @returns the offset, from 0.
 */
export const locateToml = (text: string, path: Path): number => {
  let best = { depth: 0, offset: 0 }
  const meet = (depth: number, offset: number) => {
    if (depth > best.depth) best = { depth, offset }
  }
  /** How many tables of a list there were, by the depth at which the path has its index. */
  const tables = path.map(() => 0)
  /** How far a key leads on the path from `depth`; -1 if it leaves it. `isElement`: `[[key]]`, which begins a table of a list. */
  const follow = (depth: number, parts: ReadonlyArray<unknown>, isElement = false): number => {
    let at = depth
    for (const [index, part] of parts.entries()) {
      if (at < 0 || at >= path.length || path[at] !== part) return -1
      at++
      if (typeof path[at] !== "number") continue
      if (isElement && index === parts.length - 1) {
        tables[at] = (tables[at] ?? 0) + 1
        tables.fill(0, at + 1)
      }
      const count = tables[at] ?? 0
      if (count > 0) at = count - 1 === path[at] ? at + 1 : -1
    }
    return at
  }
  /** The depth on the path of the table that the statements belong to; -1 beside the path. */
  let table = 0
  /** For each open list or inline table: its depth on the path, and the index of the next element, or -1. */
  const open: Array<{ readonly depth: number; element: number }> = []
  /** The depth of the value that comes next. */
  let value = -1
  /** Whether a key comes next. */
  let wantsKey = true
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index)
    const inner = open.at(-1)
    if (isBlank(character) || character === "\r" || character === "\uFEFF") continue
    if (character === "#") {
      const end = text.indexOf("\n", index)
      index = end < 0 ? text.length : end - 1
    } else if (character === "\n") {
      if (inner === undefined) wantsKey = true
    } else if (character === ",") {
      if (inner !== undefined) wantsKey = inner.element < 0
    } else if ((character === "]" || character === "}") && inner !== undefined) {
      open.pop()
      wantsKey = false
    } else if (wantsKey && inner === undefined && character === "[") {
      const isElement = text[index + 1] === "["
      const { parts, end } = readKey(text, index + (isElement ? 2 : 1))
      table = follow(0, parts, isElement)
      if (table >= 0) meet(table, index)
      const line = text.indexOf("\n", end)
      index = line < 0 ? text.length : line - 1
    } else if (wantsKey) {
      const { parts, end } = readKey(text, index)
      value = follow(inner?.depth ?? table, parts)
      if (value >= 0) meet(value, index)
      wantsKey = false
      index = Math.max(index, end)
    } else {
      if (inner !== undefined && inner.element >= 0) {
        value = inner.depth >= 0 && path[inner.depth] === inner.element ? inner.depth + 1 : -1
        inner.element++
        if (value >= 0) meet(value, index)
      }
      if (character === "[" || character === "{") {
        open.push({ depth: value, element: character === "[" ? 0 : -1 })
        wantsKey = character === "{"
      } else if (character === '"' || character === "'") index = endOfString(text, index) - 1
      else while (index + 1 < text.length && !",]}#\n".includes(text.charAt(index + 1))) index++
    }
  }
  return best.offset
}
