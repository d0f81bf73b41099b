const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

/** The index behind the string that begins at `start`, or the negative index of what is wrong with it, less one. */
const readString = (text: string, start: number): number => {
  let index = start + 1
  for (; index < text.length; index++) {
    const character = text.charAt(index)
    if (character === '"') return index + 1
    if (character < " ") break
    if (character !== "\\") continue
    const isUnicode = text[index + 1] === "u"
    if (
      isUnicode
        ? !/^[\da-fA-F]{4}$/.test(text.slice(index + 2, index + 6))
        : !/["\\/bfnrt]/.test(text.charAt(index + 1))
    )
      break
    index += isUnicode ? 5 : 1
  }
  return -index - 1
}

/**
 * Finds the first error of a text that is not JSON, because the engine's messages do not always say where it is. One pass
 * without recursion.
 *
 * @returns the offset, from 0; the text's length where it ends too early.
 */
export const findJsonError = (text: string): number => {
  const open: Array<string> = []
  let expected: "value" | "value or end" | "key" | "key or end" | "colon" | "comma or end" = "value"
  let index = 0
  while (index < text.length) {
    const character = text.charAt(index)
    if (" \t\r\n".includes(character)) {
      index++
      continue
    }
    const isEnd = character === (open.at(-1) === "{" ? "}" : "]") && open.length > 0
    if (isEnd && expected.endsWith("end")) {
      open.pop()
      expected = "comma or end"
      index++
    } else if (expected === "comma or end") {
      if (character !== "," || open.length === 0) return index
      expected = open.at(-1) === "{" ? "key" : "value"
      index++
    } else if (expected === "colon") {
      if (character !== ":") return index
      expected = "value"
      index++
    } else if (character === '"') {
      const end = readString(text, index)
      if (end < 0) return -end - 1
      expected = expected.startsWith("key") ? "colon" : "comma or end"
      index = end
    } else if (expected.startsWith("key")) return index
    else if (character === "{" || character === "[") {
      open.push(character)
      expected = character === "{" ? "key or end" : "value or end"
      index++
    } else {
      SCALAR.lastIndex = index
      const [scalar] = SCALAR.exec(text) ?? []
      if (scalar === undefined) return index
      expected = "comma or end"
      index += scalar.length
    }
  }
  return text.length
}
