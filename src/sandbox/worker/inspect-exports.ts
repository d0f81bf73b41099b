import {
  type FailedAttempt,
  isRuntimeFailure,
  messageOf,
  retryOnRuntimeFailure,
  type RuntimeFailure
} from "./runtime-failure.ts"
import type { Names } from "../isolate/names.ts"
import type { RunError } from "../limits.ts"
import { load, readUpTo, withTimeout, type WorkerCode, type WorkerLoader } from "./loader.ts"
import { START_TIMEOUT_MESSAGE, START_TIMEOUT_MS } from "./main-start.ts"
import { isJson, parseError } from "./outcome.ts"

/** An export that the runtime does not accept, and its kind, for example "null" or "a number". */
export interface InvalidExport {
  readonly name: string
  readonly kind: string
}

/** The report of the gateway's module that starts code and inspects its exports. */
export type ExportInspection =
  | { readonly is: "usable"; /** Whether the code formats the stacks of errors itself. */ readonly hooked: boolean }
  /** No export can serve, or be called. */
  | { readonly is: "unusable"; readonly message: string }
  /** The code threw when it started, or when its exports were read. */
  | { readonly is: "threw"; readonly message: string; readonly threw: RunError }
  /** Some exports are not allowed in a Worker. */
  | { readonly is: "invalid"; readonly message: string; readonly invalidExports: ReadonlyArray<InvalidExport> }
  /** The runtime did not start the gateway's module, or its report is unreadable. */
  | { readonly is: "unknown"; readonly message: string }

/** The longest report, in bytes. Reports are shorter, so a longer one is not kept in memory. */
const MAX_BYTES = 65_536

/**
 * Starts code beside a module of the gateway, in an isolate of its own, and returns that module's report; see
 * `isolate/inspect.ts`.
 */
export const inspectExports = async (
  loader: WorkerLoader,
  code: WorkerCode,
  harness: (names: Names) => string,
  cpuMs: number
): Promise<ExportInspection | RuntimeFailure> => {
  const result = await retryOnRuntimeFailure(loader, () => inspectOnce(loader, code, harness, cpuMs))
  return "imitated" in result ? { is: "unknown", message: result.imitated } : result
}

const inspectOnce = async (
  loader: WorkerLoader,
  code: WorkerCode,
  harness: (names: Names) => string,
  cpuMs: number
): Promise<ExportInspection | FailedAttempt> => {
  const since = Date.now()
  try {
    const { send } = load(loader, code, harness, { cpuMs })
    return await withTimeout(START_TIMEOUT_MS, START_TIMEOUT_MESSAGE, async (signal) =>
      parseInspection(
        await readUpTo(MAX_BYTES, await send({ signal }), since + START_TIMEOUT_MS, START_TIMEOUT_MESSAGE)
      )
    )
  } catch (cause) {
    const durationMs = Date.now() - since
    if (await isRuntimeFailure(loader, cause)) return { runtimeFailure: messageOf(cause), durationMs }
    return { is: "unknown", message: messageOf(cause) }
  }
}

const parseInspection = (body = ""): ExportInspection => {
  const rest = body.slice(1)
  switch (body[0]) {
    case "k":
    case "h":
      return { is: "usable", hooked: body === "h" }
    case "n":
      return { is: "unusable", message: rest }
    case "x":
      return {
        is: "invalid",
        message: "The code has exports that a Worker may not have.",
        invalidExports: rest.split("\n").slice(1).map(parseInvalidExport)
      }
    case "t":
      if (isJson(rest)) return { is: "threw", message: parseError(rest).message, threw: parseError(rest) }
  }
  return { is: "unknown", message: "The start check's answer cannot be read, because the code changed it." }
}

const parseInvalidExport = (line: string): InvalidExport => {
  const [name = "", kind = ""] = line.split("\t")
  return { name, kind }
}
