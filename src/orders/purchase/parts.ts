/** A row may hold 2 MB in production (the local runtime does not enforce that limit), so that texts are cut at 1 MB. */
const PART_BYTES = 1_000_000

/** Cuts a text into the bytes of rows. */
export const splitParts = (text: string): ReadonlyArray<ArrayBuffer> => {
  const bytes = new TextEncoder().encode(text)
  return Array.from(
    { length: Math.ceil(bytes.length / PART_BYTES) },
    (_, part) => bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES).buffer
  )
}

/** Joins the bytes of rows, in their order, to the text. */
export const joinParts = (parts: ReadonlyArray<ArrayBuffer>): string => {
  const decoder = new TextDecoder()
  return parts.map((bytes) => decoder.decode(bytes, { stream: true })).join("") + decoder.decode()
}
