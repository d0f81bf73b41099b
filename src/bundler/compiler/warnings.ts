import type { Diagnostic } from "../diagnostics.ts"

/** The most warnings in an answer, because the order stores them with the purchase. */
const MAX_WARNINGS = 20

/** The most UTF-16 units of a warning's text, and of its hint. */
const MAX_LENGTH = 500

/** Shortens a text to its limit, and marks the cut. */
const shorten = (text: string): string =>
  text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH - 1).toWellFormed()}…`

/**
 * Limits warnings in number and size. It keeps only those about the author's own files, because the author cannot change a
 * provided or a fetched module.
 *
 * @param isOwn whether a path is one of the files that the author sent.
 */
export const boundWarnings = (
  warnings: ReadonlyArray<Diagnostic>,
  isOwn: (file: string) => boolean
): ReadonlyArray<Diagnostic> =>
  warnings
    .filter(({ file }) => isOwn(file))
    .slice(0, MAX_WARNINGS)
    .map(({ file, line, column, text, hint }) => ({
      file,
      line,
      column,
      text: shorten(text),
      ...(hint === undefined ? {} : { hint: shorten(hint) })
    }))
