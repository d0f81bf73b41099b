const PAYMENT_SCHEME = /^payment(?:\s|$)/i

/**
 * Reads the `Payment` credentials of an `Authorization` header, unchanged: `Payment eyJ…`. A request may carry one. A Worker
 * sees repeated headers joined by commas, as elements of one header. This takes time in proportion to the header's length.
 */
export const readCredentials = (authorization: string | null | undefined): ReadonlyArray<string> =>
  elementsOf(authorization ?? "")
    .map((element) => element.trim())
    .filter((element) => PAYMENT_SCHEME.test(element))

/**
 * Splits a header into its list elements. Commas separate them, except inside a quoted string (RFC 9110, 5.6.4 and 11.6.2).
 * After a quote that is never closed, commas separate too.
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
    // The search has read every later quote as escaped, so none of them is closed either. It need not search the rest again.
    closed = false
    separate(at)
  }
  separate(header.length)
  return elements
}

/** Finds the end of the quoted string that begins at `open`; `undefined` if it is not closed. */
const closingQuote = (header: string, open: number): number | undefined => {
  for (let at = open + 1; at < header.length; at++) {
    if (header[at] === "\\") at++
    else if (header[at] === '"') return at
  }
  return undefined
}
