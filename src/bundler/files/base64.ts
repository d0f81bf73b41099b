/** A file whose content is not text, as it is sent. */
export interface Base64 {
  readonly base64: string
}

/** The content of a file: text, or bytes. */
export type FileContent = string | Base64

/** Whether a text is base64 of RFC 4648 with its padding. */
export const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)

/** How many bytes valid base64 stands for. */
export const base64Length = (text: string): number =>
  (text.length / 4) * 3 - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0)

/** The bytes of valid base64. */
export const fromBase64 = (text: string): Uint8Array => {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index)
  return bytes
}

/** How many bytes become a string at a time: a call takes that many arguments. */
const PART = 0x2000

/** Bytes as base64. */
export const toBase64 = (bytes: Uint8Array): string => {
  const parts: Array<string> = []
  for (let start = 0; start < bytes.length; start += PART)
    parts.push(String.fromCharCode(...bytes.subarray(start, start + PART)))
  return btoa(parts.join(""))
}

/** The text that bytes are in UTF-8; `undefined` where they are no text. */
export const textOf = (bytes: Uint8Array): string | undefined => {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
