/** The text in place of one that contains a secret. */
const WITHHELD = "the error is not shown, because it contains a value of env"

/**
 * Returns a text of the host, or a text in its place if it contains a secret: as it is, in JSON, in a URL, in hex or in base64.
 * The host's errors are stored and shown, and hosted code can throw whatever it has. Give the whole text, because the beginning
 * of a secret at the end of a cut text is not found.
 */
export const withholdIn = (text: string, secrets: Readonly<Record<string, string>>): string =>
  Object.values(secrets).some((value) => formsOf(value).some((form) => text.includes(form))) ? WITHHELD : text

const formsOf = (value: string): ReadonlyArray<string> => {
  const bytes = Buffer.from(value)
  const base64 = [0, 1, 2].map((offset) => base64At(bytes, offset))
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value.toWellFormed()),
    bytes.toString("hex"),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"))
  ].filter((form) => form !== "")
}

/** The characters of base64 that the bytes alone determine when `offset` other bytes come before them. */
const base64At = (bytes: Buffer, offset: number): string =>
  Buffer.concat([Buffer.alloc(offset), bytes])
    .toString("base64")
    .slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
