import { readFileSync } from "node:fs"
import { isDeepStrictEqual } from "node:util"

/** A program that really uses a package, and its answer with native esbuild and a real install. */
export interface Program {
  readonly id: string
  /** The path of its one file. */
  readonly file: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly code: string
  /** The JSON that the site answers with; absent where the program must be refused. */
  readonly output?: unknown
  /** Whether no bundler could make it work on Workers; `why` says the reason. */
  readonly refused?: boolean
  readonly why?: string
  /** How the peer did when the programs were collected. */
  readonly peer: string
}

/** Every program. */
export const programs = JSON.parse(
  readFileSync(new URL("programs.json", import.meta.url), "utf8")
) as ReadonlyArray<Program>

/** The files that are deployed: the program, and a package.json with its dependencies. */
export const filesOf = ({ file, code, dependencies }: Program): Record<string, string> => ({
  [file]: code,
  "package.json": JSON.stringify({ dependencies })
})

/** The outcome of a program: it was refused, or its site answered. */
export type Outcome =
  | { readonly refused: true; readonly reason: string }
  | { readonly refused: false; readonly answer: string; readonly warnings?: ReadonlyArray<string> }

/** A warning that names the cause of an error at run time, which no bundler can know for certain. */
const NAMES_EVAL = /new Function|eval/i

/**
 * Whether an outcome is right, and a note for people. A program that cannot work must be refused with a reason. One that needs
 * `eval` may also be served with a warning that says so, because some of these packages can do without it.
 */
export const compare = (program: Program, outcome: Outcome): { readonly right: boolean; readonly note: string } => {
  if (program.refused === true) {
    if (outcome.refused) return { right: outcome.reason !== "", note: `refused: ${outcome.reason}` }
    const warning = (outcome.warnings ?? []).find((text) => NAMES_EVAL.test(text))
    if (program.why?.includes("eval") === true && warning !== undefined)
      return { right: true, note: `warned: ${warning}` }
    return { right: false, note: `was not refused (${program.why}), and answers ${outcome.answer}` }
  }
  if (outcome.refused) return { right: false, note: `refused: ${outcome.reason}` }
  const right = isDeepStrictEqual(jsonOf(outcome.answer), program.output)
  return { right, note: right ? "" : `answers ${outcome.answer}, not ${JSON.stringify(program.output)}` }
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
