const payment = /^payment(?:\s|$)/i

/**
 * The `Payment` credentials of an `Authorization` header, as they stand: `Payment eyJ…`. A request may carry one; repeated
 * headers reach a Worker joined by commas, so that several are several elements here. Takes time in proportion to the
 * header's length.
 */
export const credentialsIn = (authorization: string | null | undefined): ReadonlyArray<string> =>
  elementsOf(authorization ?? "")
    .map((element) => element.trim())
    .filter((element) => payment.test(element))

/**
 * The list elements of a header: commas separate, except inside a quoted string (RFC 9110, 5.6.4 and 11.6.2). A quote that
 * is never closed separates too.
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
    // Every quote after this one was read as escaped, so none of them is closed either: the rest is not searched again.
    closed = false
    separate(at)
  }
  separate(header.length)
  return elements
}

/** Where the quoted string that begins at `open` ends, or `undefined` where it does not. */
const closingQuote = (header: string, open: number): number | undefined => {
  for (let at = open + 1; at < header.length; at++) {
    if (header[at] === "\\") at++
    else if (header[at] === '"') return at
  }
  return undefined
}
