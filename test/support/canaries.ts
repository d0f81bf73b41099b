import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** Makes a secret that nothing else contains, with characters that JSON and URLs escape. */
export const makeCanary = (): string => `canary-${crypto.randomUUID()}-"q\\b/ü&=+%`

/** The forms in which a secret could be written somewhere, each with the bytes to search for. */
export const formsOf = (secret: string): ReadonlyArray<readonly [form: string, bytes: Buffer]> => {
  const utf8 = Buffer.from(secret)
  const json = JSON.stringify(secret).slice(1, -1)
  const texts: ReadonlyArray<readonly [form: string, text: string]> = [
    ["plain", secret],
    ["JSON", json],
    ["JSON in JSON", JSON.stringify(json).slice(1, -1)],
    ["hex", utf8.toString("hex")],
    ["HEX", utf8.toString("hex").toUpperCase()],
    ["URL", encodeURIComponent(secret)],
    ["form", new URLSearchParams({ a: secret }).toString().slice(2)],
    ...[0, 1, 2].map((offset) => [`base64 at ${offset}`, base64At(utf8, offset)] as const),
    ...[0, 1, 2].map((offset) => [`base64url at ${offset}`, urlSafe(base64At(utf8, offset))] as const)
  ]
  return [
    ...texts.map(([form, text]) => [form, Buffer.from(text)] as const),
    ["UTF-16", Buffer.from(secret, "utf16le")]
  ]
}

/** The characters of base64 that the bytes alone determine when `offset` other bytes come before them. */
const base64At = (bytes: Buffer, offset: number): string =>
  Buffer.concat([Buffer.alloc(offset), bytes])
    .toString("base64")
    .slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))

const urlSafe = (text: string): string => text.replaceAll("+", "-").replaceAll("/", "_")

/** Searches bytes for secrets. Returns a sentence for each form that is found, without the secret. */
export const findCanaries = (
  where: string,
  haystack: Buffer | string,
  secrets: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const bytes = typeof haystack === "string" ? Buffer.from(haystack) : haystack
  return secrets.flatMap((secret, index) =>
    formsOf(secret).flatMap(([form, needle]) =>
      bytes.includes(needle) ? [`secret ${index} (${form}) in ${where}`] : []
    )
  )
}

/** Searches every file of a directory: logs, and databases with their write-ahead logs. */
export const findCanariesIn = (directory: string, secrets: ReadonlyArray<string>): ReadonlyArray<string> =>
  filesIn(directory).flatMap((file) => findCanaries(file, readIfThere(file), secrets))

/** Reads a file; nothing if it is gone since it was listed, because workerd removes a database's log with the last connection. */
const readIfThere = (file: string): Buffer => {
  try {
    return readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
    return Buffer.alloc(0)
  }
}

/** Lists every file of a directory and of the directories in it. */
export const filesIn = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
