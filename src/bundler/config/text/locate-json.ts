/** The way to a value: keys of objects and indices of lists, from the outside in. */
export type Path = ReadonlyArray<string | number>

/** The index behind the string that begins at `start`. */
const endOfString = (text: string, start: number): number => {
  let index = start + 1
  while (index < text.length && text[index] !== '"') index += text[index] === "\\" ? 2 : 1
  return index + 1
}

const unquoted = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Finds the key or the list's element that a path leads to; where there is none, the deepest on the way. One pass without
 * recursion, because a text may be nested as deep as it is long.
 *
 * @param text valid JSON.
 * @returns the offset, from 0.
 */
export const locateJson = (text: string, path: Path): number => {
  let best = { depth: 0, offset: 0 }
  /** For each open container: the index of the next element, or -1 for an object. */
  const open: Array<number> = []
  /** How many of the open containers are on the path. */
  let onPath = 0
  /** Whether the next value is the one that the path names at this depth. */
  let next = true
  const meet = (offset: number) => {
    if (open.length >= best.depth) best = { depth: open.length, offset }
  }
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index)
    if (" \t\r\n:,".includes(character)) continue
    const depth = open.length - 1
    const element = open[depth]
    const isClosing = character === "}" || character === "]"
    if (element !== undefined && element >= 0 && !isClosing) {
      next = onPath === open.length && path[depth] === element
      open[depth] = element + 1
      if (next) meet(index)
    }
    if (isClosing) {
      open.pop()
      onPath = Math.min(onPath, open.length)
      next = false
    } else if (character === "{" || character === "[") {
      if (next) onPath = open.length + 1
      open.push(character === "[" ? 0 : -1)
      next = false
    } else if (character === '"') {
      const end = endOfString(text, index)
      // In an object it is a key if a colon follows.
      if (element === -1 && /^\s{0,1000}:/.test(text.slice(end, end + 1001))) {
        next = onPath === open.length && unquoted(text.slice(index, end)) === path[depth]
        if (next) meet(index)
      }
      index = end - 1
    }
  }
  return best.offset
}
