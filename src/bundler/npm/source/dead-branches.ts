import { blankText } from "./blank-text.ts"

/** A comparison of the mode, which the compiler decides: `process.env.NODE_ENV !== "production"`, or the other way round. */
const COMPARISON =
  /\bprocess\.env\.NODE_ENV\s{0,5}([!=])==?\s{0,5}["'](\w{1,20})["']|["'](\w{1,20})["']\s{0,5}([!=])==?\s{0,5}process\.env\.NODE_ENV\b/g

const IF = /\bif\s{0,5}\($/
const THEN = /\s{0,20}\)\s{0,20}/y
const ELSE = /\s{0,50}else\b\s{0,20}/y
const AND = /\s{0,20}&&\s{0,20}/y
const CHOICE = /\s{0,20}\?\s{0,20}require\([^()\n]{1,300}\)\s{0,20}:\s{0,20}(?=require\()/y

/** So many comparisons are looked at, and so many characters after each: a hostile module may have any number. */
const MAX_COMPARISONS = 100
const MAX_BRANCH = 200_000

/** A part of a text that never runs. */
type Range = readonly [from: number, to: number]

const endOf = (pattern: RegExp, text: string, at: number): number | undefined => {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : undefined
}

/** The end of a block or an expression in parentheses; of all others, that of the line. */
const endOfStatement = (blanked: string, at: number): number => {
  const open = blanked[at]
  const close = open === "{" ? "}" : open === "(" ? ")" : undefined
  if (close === undefined) {
    const end = /[;\n]/g
    return endOf(end, blanked, at) ?? blanked.length
  }
  let depth = 0
  for (let index = at; index < Math.min(blanked.length, at + MAX_BRANCH); index++) {
    if (blanked[index] === open) depth++
    else if (blanked[index] === close && --depth === 0) return index + 1
  }
  return at
}

/**
 * The branches of a module that never run in production, where they are easy to see. The compiler leaves them out, so their
 * imports need not be followed.
 */
export const deadBranches = (text: string): ReadonlyArray<Range> => {
  if (!text.includes("process.env.NODE_ENV")) return []
  let blanked: string | undefined
  const statementAt = (at: number): Range => [at, endOfStatement((blanked ??= blankText(text, true)), at)]
  const comparisons = text.matchAll(COMPARISON).take(MAX_COMPARISONS)
  return [...comparisons].flatMap((found): ReadonlyArray<Range> => {
    const { 0: comparison, 1: first, 2: right, 3: left, 4: second, index } = found
    const holds = ((right ?? left) === "production") === ((first ?? second) === "=")
    const end = index + comparison.length
    const then = IF.test(text.slice(Math.max(0, index - 20), index)) ? endOf(THEN, text, end) : undefined
    if (then !== undefined) {
      const branch = statementAt(then)
      if (!holds) return [branch]
      const otherwise = endOf(ELSE, text, branch[1])
      return otherwise === undefined ? [] : [statementAt(otherwise)]
    }
    const choice = endOf(CHOICE, text, end)
    if (choice !== undefined) return holds ? [statementAt(choice)] : [[end, choice]]
    const and = holds ? undefined : endOf(AND, text, end)
    return and === undefined ? [] : [statementAt(and)]
  })
}
