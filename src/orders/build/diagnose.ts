import type { Diagnostic } from "../../bundler/diagnostics.ts"
import { lineAt } from "../../bundler/project/jsonc.ts"
import type { Files } from "../../domain/Order.ts"
import type { StartFailed } from "../../sandbox/CodeRunner.ts"
import { isOwn, originsOf, type Position } from "../../sandbox/positions.ts"

/** The author's program, in which a failed start is located. */
interface Program {
  readonly entrypoint: string
  readonly files: Files
  /** The bundle's source map, if there is one. */
  readonly map: string | undefined
}

/**
 * Turns a failed start into a diagnostic. It points to the innermost of the author's files that the stack names, else to the
 * entrypoint.
 */
export const diagnose = (failed: StartFailed, program: Program): Diagnostic => {
  const place = placeOf(failed, program) ?? { file: program.entrypoint, line: 0, column: 0 }
  const source = place.line === 0 ? "" : lineAt(textOf(program.files, place.file), place.line)
  return {
    ...place,
    text: failed.message,
    ...(source !== "" && source.length <= 200 && { source }),
    ...(failed.hint !== undefined && { hint: failed.hint })
  }
}

const placeOf = ({ frames, exported }: StartFailed, { entrypoint, files, map }: Program): Position | undefined => {
  if (exported !== undefined) return exportIn(textOf(files, entrypoint), entrypoint, exported)
  const origin = originsOf(map ?? "")
  const places = frames.flatMap(([line, column]) => origin(line, column) ?? [])
  return places.find(isOwn) ?? places[0]
}

/** Returns the text of a file; no text for bytes and for a file that was not sent. */
const textOf = (files: Files, file: string): string => {
  const content = Object.hasOwn(files, file) ? files[file] : ""
  return typeof content === "string" ? content : ""
}

/** Finds the line of a file that exports a name. */
const exportIn = (source: string, file: string, name: string): Position | undefined => {
  const lines = source.split("\n")
  const index = lines.findIndex((line) => /\bexport\b/.test(line) && wordsIn(line).includes(name))
  return index < 0 ? undefined : { file, line: index + 1, column: (lines[index] ?? "").indexOf("export") + 1 }
}

const wordsIn = (line: string): ReadonlyArray<string> => line.slice(0, 2000).split(/[^\w$]/)
