/** A statement that no database takes, and where it begins. */
export interface SqlProblem {
  /** From 0. */
  readonly offset: number
  readonly text: string
  readonly hint: string
}

/** The words that a statement may begin with; `;` is an empty statement. */
const VERBS = new Set(
  "ALTER ANALYZE CREATE DELETE DROP EXPLAIN INSERT PRAGMA REINDEX REPLACE SELECT UPDATE VALUES WITH ( ;".split(" ")
)

/** Words of transactions. D1 runs each migration in one of its own, and refuses others. */
const TRANSACTIONS = new Set("BEGIN COMMIT END RELEASE ROLLBACK SAVEPOINT".split(" "))

/** Pieces of SQL: blanks, comments, quoted texts and names, words, and single characters. */
const TOKEN =
  /[\s\uFEFF]+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|[\w$\u0080-\uFFFF]+|[\s\S]/y

const QUOTES: Readonly<Record<string, string>> = { "'": "'", '"': '"', "`": "`", "[": "]" }

/** How many UTF-16 units of a word a text shows. */
const MAX_SHOWN = 40

/**
 * Finds the first problem of SQL that shows without a database: a quote that does not end, a statement that begins with an
 * unknown word, or one for a transaction. One pass.
 */
export const findSqlProblem = (sql: string): SqlProblem | undefined => {
  /** The words of the statement so far, at most four. */
  let words: Array<string> = []
  /** Whether the statement is a trigger, which contains statements up to END. */
  let isTrigger = false
  TOKEN.lastIndex = 0
  for (let offset = 0; offset < sql.length; offset = TOKEN.lastIndex) {
    TOKEN.lastIndex = offset
    const [token = ""] = TOKEN.exec(sql) ?? []
    if (/^(?:[\s\uFEFF]|--|\/\*)/.test(token)) continue
    const quote = token.length === 1 ? QUOTES[token] : undefined
    if (quote !== undefined)
      return {
        offset,
        text: `The ${token} does not end`,
        hint: `Close it with ${quote}; within a text, write '' for '.`
      }
    const word = token.length > 20 ? token : token.toUpperCase()
    if (words.length === 0 && !(isTrigger && word === "END") && !VERBS.has(word)) {
      if (TRANSACTIONS.has(word))
        return {
          offset,
          text: `${word} is for transactions, and each migration is one already`,
          hint: "Remove BEGIN, COMMIT and the like."
        }
      const shown = `${token.slice(0, MAX_SHOWN).toWellFormed()}${token.length > MAX_SHOWN ? "…" : ""}`
      return {
        offset,
        text: `No statement of SQL begins with ${JSON.stringify(shown)}`,
        hint: "Correct the statement."
      }
    }
    if (word === ";") words = []
    else {
      if (words.length === 0 && word === "END") isTrigger = false
      if (words.length < 4) words.push(word)
      if (words[0] === "CREATE" && words.length < 4 && words.at(-1) === "TRIGGER") isTrigger = true
    }
  }
  return undefined
}
