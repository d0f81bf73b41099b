/** Pieces of SQL that may contain a semicolon, words, and single characters. */
const TOKENS = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`(?:[^`]|``)*`?|\[[^\]]*\]?|\w+|[\s\S]/g

const isComment = (token: string): boolean => token.startsWith("--") || token.startsWith("/*")

/** The words and other tokens of SQL in capitals, without comments. */
export const wordsOf = (sql: string): ReadonlyArray<string> =>
  [...sql.matchAll(TOKENS)]
    .map(([token]) => token)
    .filter((token) => !isComment(token) && token.trim() !== "")
    .map((token) => token.toUpperCase())

/** The statements of a text of SQL, without empty ones. A trigger's body, from BEGIN to END, belongs to its statement. */
export const splitStatements = (sql: string): ReadonlyArray<string> => {
  const statements: Array<string> = []
  let text = ""
  let words: Array<string> = []
  // The number of BEGIN and CASE in a trigger that no END has closed yet.
  let depth = 0
  const finish = (): void => {
    if (words.length > 0) statements.push(text.trim())
    text = ""
    words = []
    depth = 0
  }
  for (const [token] of sql.matchAll(TOKENS)) {
    if (token === ";" && depth === 0) {
      finish()
      continue
    }
    text += token
    if (isComment(token) || token.trim() === "") continue
    const word = token.toUpperCase()
    words.push(word)
    const isTrigger = words[0] === "CREATE" && words.slice(1, 3).includes("TRIGGER")
    if (isTrigger && (word === "CASE" || word === "BEGIN")) depth++
    if (isTrigger && word === "END") depth--
  }
  finish()
  return statements
}
