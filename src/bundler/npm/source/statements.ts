import { withoutComments } from "../../project/jsonc.ts"

/** An `import` or `export` that takes something from another module, or exports what was taken. */
export interface Statement {
  readonly keyword: "import" | "export"
  /** The other module; `undefined` for `export { a }` and `export default a`. */
  readonly specifier: string | undefined
  /** The name before a comma: `import a, { b } from`, and that of `export default a`. */
  readonly byDefault: string | undefined
  /** The names in braces, from and to: `{ a as b }`. */
  readonly list: ReadonlyArray<readonly [from: string, to: string]> | undefined
  /** The name of a whole module (`* as a`); "" for `export *`. */
  readonly star: string | undefined
  /** Whether it takes types alone: `import type`. */
  readonly isType: boolean
  /** The offset after it. */
  readonly end: number
}

// Each is tried at one offset. Comments are bounded, because a hostile module may begin one after every "import".
const BLANK = /(?:\s|\/\/[^\n]{0,500}\n|\/\*(?:[^*]|\*(?!\/)){0,2000}\*\/){0,50}/y
const LIST = /\{((?:[^{}"'/]|\/\/[^\n]{0,500}\n|\/\*(?:[^*]|\*(?!\/)){0,2000}\*\/)*)\}/y
const NAME = /[\w$]{1,200}/y
const STRING = /"([^"\\\n]{1,500})"|'([^'\\\n]{1,500})'/y

/** Reads one thing after the other from a text. */
class Cursor {
  readonly #text: string
  at: number

  constructor(text: string, at: number) {
    this.#text = text
    this.at = at
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.#text)
    if (found === null) return undefined
    this.at = pattern.lastIndex
    return found
  }

  blank(): void {
    this.take(BLANK)
  }

  name(): string | undefined {
    const found = this.take(NAME)?.[0]
    this.blank()
    return found
  }

  /** Whether the text goes on with one character, which is taken. */
  sign(sign: string): boolean {
    if (this.#text[this.at] !== sign) return false
    this.at++
    this.blank()
    return true
  }

  string(): string | undefined {
    const found = this.take(STRING)
    return found?.[1] ?? found?.[2]
  }

  list(): Statement["list"] {
    const found = this.take(LIST)?.[1]
    this.blank()
    return found === undefined ? undefined : pairsOf(found.includes("/") ? withoutComments(found) : found)
  }
}

const pairsOf = (list: string): ReadonlyArray<readonly [from: string, to: string]> =>
  list.split(",").flatMap((item) => {
    const [first, ...words] = item.trim().split(/\s{1,50}/)
    const [as, to] = words
    // In TypeScript: `{ type A }`.
    const isType = first === "type" && as !== undefined && as !== "as"
    if (first === undefined || first === "" || isType) return []
    return [[first, as === "as" && to !== undefined ? to : first] as const]
  })

/** The statement that begins at an offset with "import" or "export"; `undefined` if it is another one. */
export const readStatement = (text: string, offset: number): Statement | undefined => {
  const cursor = new Cursor(text, offset)
  const keyword: string | undefined = cursor.name()
  if (keyword !== "import" && keyword !== "export") return undefined
  const bare = cursor.string()
  const none = { keyword, byDefault: undefined, list: undefined, star: undefined, isType: false } as const
  if (bare !== undefined) return keyword === "export" ? undefined : { ...none, specifier: bare, end: cursor.at }
  let first = cursor.name()
  if (keyword === "export" && first === "default") {
    const name = cursor.name()
    return name === undefined ? undefined : { ...none, specifier: undefined, byDefault: name, end: cursor.at }
  }
  // `import type { A } from`, and not `import type from` or `import type, { A } from`.
  const isType =
    first === "type" && text[cursor.at] !== "," && !/^from\s*["']/.test(text.slice(cursor.at, cursor.at + 50))
  if (isType) first = cursor.name()
  if (first !== undefined && (keyword === "export" || !(cursor.sign(",") || text.startsWith("from", cursor.at))))
    return undefined
  const list = cursor.list()
  let star: string | undefined
  if (list === undefined && cursor.sign("*")) {
    star = ""
    if (text.startsWith("as", cursor.at) && !/[\w$]/.test(text[cursor.at + 2] ?? "")) {
      cursor.name()
      star = cursor.name()
      if (star === undefined) return undefined
    }
  }
  if (first === undefined && list === undefined && star === undefined) return undefined
  const onlyTypes = list?.length === 0 && /\{\s{0,50}type\s/.test(text.slice(offset, offset + 300))
  const clause: Omit<Statement, "specifier" | "end"> = {
    keyword,
    byDefault: first,
    list,
    star,
    isType: isType || (onlyTypes && first === undefined)
  }
  if (!text.startsWith("from", cursor.at) || /[\w$]/.test(text[cursor.at + 4] ?? ""))
    return keyword === "export" && list !== undefined ? { ...clause, specifier: undefined, end: cursor.at } : undefined
  cursor.name()
  const specifier = cursor.string()
  return specifier === undefined ? undefined : { ...clause, specifier, end: cursor.at }
}

/** Skips blanks, semicolons and comments. */
export const skipBlank = (text: string, offset: number): number => {
  for (let at = offset; ;) {
    const unit = text[at]
    if (unit === undefined) return at
    if (unit === ";" || /\s/.test(unit)) at++
    else if (text.startsWith("//", at)) at = endOf(text, "\n", at)
    else if (text.startsWith("/*", at)) at = endOf(text, "*/", at + 2)
    else return at
  }
}

const endOf = (text: string, mark: string, from: number): number => {
  const found = text.indexOf(mark, from)
  return found < 0 ? text.length : found + mark.length
}
