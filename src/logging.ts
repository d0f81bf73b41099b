import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"

/** The log must not contain these: credentials, bearer tokens, Jack's tokens, signed transactions. */
const secrets = /\bPayment\s+[\w-]{32,}|\bBearer\s+[\w.~+/=-]+|\bjkt_[0-9a-f]{16,}|\b0x76[0-9a-f]{100,}/gi

/** Removes credentials, tokens and signed transactions from a text. */
export const redact = (text: string): string => text.replace(secrets, "[redacted]")

/** Logs a defect with its stack, because an error as plain JSON is empty. */
const readable = (part: unknown) => (part instanceof Error ? (part.stack ?? String(part)) : part)

/**
 * Writes one line of JSON for each event: `time`, `level`, `message`, and the annotations as fields. No code logs a secret on
 * purpose. This removes secrets that an error message of another program contains.
 */
export const jsonLine = Logger.make<unknown, string>((options) => {
  const parts = Array.isArray(options.message) ? options.message.map(readable) : readable(options.message)
  const { timestamp, level, message, annotations, cause } = Logger.formatStructured.log({ ...options, message: parts })
  const line = { time: timestamp, level, message, ...annotations, ...(cause !== undefined && { cause }) }
  return redact(JSON.stringify(line))
})

const jsonLogger = Logger.withLeveledConsole(jsonLine)

/** Logs to the console, where the platform collects logs. */
export const layerJson = Logger.layer([jsonLogger])

/**
 * Writes a line of level Info. `time` is Unix milliseconds; `fields` are annotations that nobody else has written, one or more; undefined
 * ones are left out. It redacts nothing.
 */
export type WriteInfo = (time: number, fields: Readonly<Record<string, unknown>>) => void

/**
 * Returns a function that writes the lines that `Effect.logInfo(message)` writes in this context, byte for byte, without a fiber. A line
 * by a fiber costs a fifth of a refused request. `undefined` if the context has other loggers, too, annotations of its own, or a higher level.
 */
export const makeWriteInfo = (context: Context.Context<never>, message: string): WriteInfo | undefined => {
  const loggers = Context.get(context, Logger.CurrentLoggers)
  const isOff = LogLevel.isGreaterThan(Context.get(context, References.MinimumLogLevel), "Info")
  const isAnnotated = Object.keys(Context.get(context, References.CurrentLogAnnotations)).length > 0
  if (loggers.size !== 1 || !loggers.has(jsonLogger) || isOff || isAnnotated) return undefined
  const console = Context.get(context, Console.Console)
  const same = JSON.stringify({ level: "INFO", message }).slice(1, -1)
  // One object for the whole line would have to be copied together first, which costs more than its text.
  return (time, fields) =>
    console.info(`{"time":"${new Date(time).toISOString()}",${same},${JSON.stringify(fields).slice(1)}`)
}
