const PAYMENT_SCHEME = /^payment(?:\s|$)/i

/**
 * Reads the `Payment` credentials of an `Authorization` header, unchanged: `Payment eyJ…`. A request may carry one; a Worker
 * sees repeated headers joined by commas, as elements of one header. Takes time in proportion to the header's length.
 */
export const readCredentials = (authorization: string | null | undefined): ReadonlyArray<string> =>
  elementsOf(authorization ?? "")
    .map((element) => element.trim())
    .filter((element) => PAYMENT_SCHEME.test(element))

/**
 * The list elements of a header: commas separate them, except inside a quoted string (RFC 9110, 5.6.4 and 11.6.2). A quote
 * that is never closed separates too.
 */
const elementsOf = (header: string): ReadonlyArray<string> => {
  const elements: Array<string> = []
  let start = 0
  let closed = true
  const separate = (at: number) => {
    elements.push(header.slice(start, at))
    start = at + 1
  }
  for (let at = 0; at < header.length; at++) {
    const character = header[at]
    if (character === ",") separate(at)
    if (character !== '"') continue
    const end = closed ? closingQuote(header, at) : undefined
    if (end !== undefined) {
      at = end
      continue
    }
    // The search read every later quote as escaped, so none of them is closed either: do not search the rest again.
    closed = false
    separate(at)
  }
  separate(header.length)
  return elements
}

/** The end of the quoted string that begins at `open`, or `undefined` if it is not closed. */
const closingQuote = (header: string, open: number): number | undefined => {
  for (let at = open + 1; at < header.length; at++) {
    if (header[at] === "\\") at++
    else if (header[at] === '"') return at
  }
  return undefined
}
