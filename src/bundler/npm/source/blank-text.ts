/** After these, a slash begins a regular expression. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|void|delete))\s{0,50}$/

/** A regular expression of one line. */
const REGEX = /\/(?![*/])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.){0,500}\]){1,500}\//y

/** The next character that may begin text or end an expression within it. */
const MARK = /["'`/{}]/g

const spaces = (text: string): string => text.replace(/[^\n]/g, " ")

/** The end of a string in quotes, which a line's end ends as well. */
const endOfString = (text: string, from: number): number => {
  const quote = text[from]
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === "\\") at++
    else if (text[at] === quote || text[at] === "\n") return at + 1
  }
  return text.length
}

/** The end of a template's text: after its backtick, or after the `${` of an expression. */
const endOfTemplate = (text: string, from: number): number => {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") at++
    else if (text[at] === "`") return at + 1
    else if (text.startsWith("${", at)) return at + 2
  }
  return text.length
}

/**
 * Replaces comments, regular expressions and the text of templates by spaces, so that examples in them look like no code.
 *
 * @param strings whether to replace strings in quotes too.
 */
export const blankText = (text: string, strings = false): string => {
  const parts: Array<string> = []
  /** The open braces; true for those of an expression in a template. */
  const braces: Array<boolean> = []
  let done = 0
  const blank = (from: number, to: number) => {
    parts.push(text.slice(done, from), spaces(text.slice(from, to)))
    MARK.lastIndex = done = to
  }
  const template = (from: number, to: number) => {
    blank(from, to)
    if (text[to - 1] === "{") braces.push(true)
  }
  MARK.lastIndex = 0
  for (let mark = MARK.exec(text); mark !== null; mark = MARK.exec(text)) {
    const { 0: unit, index } = mark
    if (unit === "{") braces.push(false)
    else if (unit === "}") {
      if (braces.pop() === true) template(index, endOfTemplate(text, index + 1))
    } else if (unit === "`") template(index, endOfTemplate(text, index + 1))
    else if (unit === "/") {
      const line = text.startsWith("//", index)
      const end = text.indexOf(line ? "\n" : "*/", index + 2)
      const length = line ? 0 : 2
      if (line || text.startsWith("/*", index)) blank(index, end < 0 ? text.length : end + length)
      else if (BEFORE_REGEX.test(text.slice(Math.max(0, index - 60), index))) {
        REGEX.lastIndex = index
        if (REGEX.test(text)) blank(index, REGEX.lastIndex)
      }
    } else {
      const end = endOfString(text, index)
      if (strings) blank(index, end)
      else MARK.lastIndex = end
    }
  }
  return [...parts, text.slice(done)].join("")
}
