import * as Logger from "effect/Logger"

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

/** Logs to the console, where the platform collects logs. */
export const layerJson = Logger.layer([Logger.withLeveledConsole(jsonLine)])
