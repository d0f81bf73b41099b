import type { Message } from "esbuild-wasm"

/** One problem of the source, and its fix. */
export interface Diagnostic {
  /** The path of the file that the author sent; "" if the problem is in no file. */
  readonly file: string
  /** From 1; 0 if there is no file. */
  readonly line: number
  /** In UTF-16 units from 1, as editors count; 0 if there is no file. */
  readonly column: number
  readonly text: string
  /** The line of source, if it has at most 200 characters. */
  readonly source?: string
  /** The fix: the code to write, or the file to send. */
  readonly hint?: string
}

/** The source does not bundle, and its author can fix it. A plain error; the Effect layer makes it `BundleRejected`. */
export class BundleError extends Error {
  override readonly name = "BundleError"
  /** At least one, at most 50, in the compiler's order. */
  readonly diagnostics: ReadonlyArray<Diagnostic>
  /** Whether the same source would fail again. False if the host of an import did not answer. */
  readonly certain: boolean
  constructor(diagnostics: ReadonlyArray<Diagnostic>, certain = true) {
    super(diagnostics.map(formatDiagnostic).join("\n"))
    this.diagnostics = diagnostics
    this.certain = certain
  }
}

/** The compiler did not start, whatever the source. A plain error; the Effect layer makes it `BundlerCrashed`. */
export class BundlerCrashError extends Error {
  override readonly name = "BundlerCrashError"
}

/** The most diagnostics in an answer, because pathological sources yield thousands of errors. */
const LIMIT = 50

/** The most UTF-16 units of a text and of a hint, because a specifier may be as long as the source. */
const MAX_LENGTH = 2000

/**
 * The hint of a refused import. It passes through the compiler in `detail` and is formatted afterwards, because only then the
 * bundler knows the source line and which refusals it reports. To format thousands of hints would take longer than the build.
 */
export interface Rewrite {
  /** This would replace the refused specifier. */
  readonly specifier: string
  /** The hint, given the import as it would read. */
  readonly hint: (line: string) => string
}

const isRewrite = (detail: unknown): detail is Rewrite =>
  typeof detail === "object" && detail !== null && "specifier" in detail && "hint" in detail

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The compiler counts columns in bytes of UTF-8; a prefix of n bytes never has more than n UTF-16 units. */
const unitsBefore = (line: string, bytes: number): number =>
  decoder.decode(encoder.encode(line.slice(0, bytes)).subarray(0, bytes)).length

const rewritten = (rewrite: Rewrite, location: Message["location"]): string => {
  const generic = `import … from ${JSON.stringify(rewrite.specifier)}`
  if (location === null || location.lineText.length > 200) return generic
  const start = unitsBefore(location.lineText, location.column)
  const end = unitsBefore(location.lineText, location.column + location.length)
  const quoted = location.lineText.slice(start, end)
  // The source need not contain the specifier: the import of the JSX runtime, for example, is implicit.
  if (!/^(["'`]).*\1$/s.test(quoted)) return generic
  return `${location.lineText.slice(0, start)}${JSON.stringify(rewrite.specifier)}${location.lineText.slice(end)}`.trim()
}

const hintOf = (message: Message): string | undefined => {
  if (isRewrite(message.detail)) return message.detail.hint(rewritten(message.detail, message.location))
  const notes = message.notes.map(({ text, location }) =>
    location === null ? text : `${text} (${location.file}:${location.line})`
  )
  return notes.length === 0 ? undefined : notes.join(" ")
}

/** Makes a diagnostic from one of esbuild's messages. */
export const fromMessage = (message: Message): Diagnostic => {
  const { location } = message
  const hint = hintOf(message)
  return {
    file: location?.file ?? "",
    line: location?.line ?? 0,
    column: location === null ? 0 : unitsBefore(location.lineText, location.column) + 1,
    text: message.text.slice(0, MAX_LENGTH),
    ...(location === null || location.lineText === "" || location.lineText.length > 200
      ? {}
      : { source: location.lineText }),
    ...(hint === undefined ? {} : { hint: hint.slice(0, MAX_LENGTH) })
  }
}

/** Makes diagnostics from the first of the compiler's messages. */
export const fromMessages = (
  messages: ReadonlyArray<Message>,
  explain: (message: Message) => Diagnostic = fromMessage
): ReadonlyArray<Diagnostic> => messages.slice(0, LIMIT).map(explain)

/** Writes `src/a.ts:3:7: text (hint)`, for logs and for the errors' messages. */
export const formatDiagnostic = ({ file, line, column, text, hint }: Diagnostic): string =>
  `${file === "" ? "" : `${file}:${line}:${column}: `}${text}${hint === undefined ? "" : ` (${hint})`}`
