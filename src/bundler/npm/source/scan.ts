import { deadBranches } from "./dead-branches.ts"

/** How a module is imported. Only `import` must succeed: what is required, or imported while the program runs, may fail there. */
export type Kind = "import" | "require" | "dynamic"

/** An import that a module seems to have. */
export interface Guess {
  readonly specifier: string
  readonly kind: Kind
}

/**
 * `from "x"`, `import "x"`, `import("x")` and `require("x")`, but no examples in texts, where `\n` follows. Blanks and
 * comments are bounded, so that it takes linear time.
 */
const PATTERN =
  /\b(?:(from|import)\s{0,20}(\(?)|(require)\s{0,20}\()\s{0,20}(?:\/\*[^*]{0,200}\*\/\s{0,20})?["']([^"'\\\s,{}]{1,300})["'](?!;?\s{0,5}(?:\\n|```))/g

/** How far back the beginning of a line is looked for. Minified modules have one line of megabytes. */
const LINE = 300

const isComment = (text: string, index: number): boolean => {
  const before = text.slice(Math.max(0, index - LINE), index)
  const line = before.slice(before.lastIndexOf("\n") + 1).trimStart()
  return line.length < before.length + 1 && /^(?:\*|\/\/|\/\*)/.test(line)
}

/**
 * Guesses the imports of a module, which saves one compilation for each level of packages; the compiler has the last word.
 * Examples in comments are passed over, because they are the most frequent error (viem's all import viem).
 */
export const guessImports = (text: string): ReadonlyArray<Guess> => {
  const found = new Map<string, Guess>()
  const dead = deadBranches(text)
  for (const match of text.matchAll(PATTERN)) {
    const [, , parenthesis, required, specifier = ""] = match
    const { index } = match
    if (dead.some(([from, to]) => index >= from && index < to) || isComment(text, index)) continue
    const kind = required !== undefined ? "require" : parenthesis === "(" ? "dynamic" : "import"
    found.set(`${kind} ${specifier}`, { specifier, kind })
  }
  return [...found.values()]
}

/** Whether a module certainly imports something: its statement begins a line, or follows another one. */
export const hasImportStatement = (text: string, specifier: string): boolean =>
  [`"${specifier}"`, `'${specifier}'`].some((quoted) => {
    const at = text.indexOf(quoted)
    const before = at < 0 ? "" : text.slice(Math.max(0, at - LINE), at)
    // bounded: 300 characters
    return /(?:^|[\n;}])(?:import|export)\b[^"'`;]{0,280}$/.test(before)
  })
