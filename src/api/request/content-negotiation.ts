/** One element of a negotiating header (RFC 9110, 12.5): an accepted range and its weight, from 0 to 1. */
interface Range {
  readonly range: string
  readonly q: number
}

/** The longest header that is parsed, in characters. Browsers send some 150. */
const MAX_LENGTH = 4096

/** Returns the elements of a header; `undefined` if it is malformed or too long. */
const parse = (header: string, range: RegExp): ReadonlyArray<Range> | undefined => {
  if (header.length > MAX_LENGTH) return undefined
  const ranges: Array<Range> = []
  for (const element of header.split(",")) {
    const [name = "", ...parameters] = element.split(";").map((part) => part.trim())
    if (name === "" && parameters.length === 0) continue
    const weight = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2) ?? "1"
    if (!range.test(name) || !/^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight)) return undefined
    ranges.push({ range: name.toLowerCase(), q: Number(weight) })
  }
  return ranges
}

/** Returns the weight of `type/subtype`: that of the most specific range that matches, 0 if none does. */
const weigh = (ranges: ReadonlyArray<Range>, type: string, subtype: string): number => {
  for (const range of [`${type}/${subtype}`, `${type}/*`, `*/${subtype}`, "*/*"]) {
    const found = ranges.filter((candidate) => candidate.range === range)
    if (found.length > 0) return Math.max(...found.map(({ q }) => q))
  }
  return 0
}

/**
 * Whether `Accept` asks for HTML rather than JSON. Browsers do. Programs send no `Accept` or accept everything, so they get
 * JSON.
 */
export const prefersHtml = (accept: string | null): boolean => {
  const ranges = parse(accept ?? "", /^[\w.+*-]+\/[\w.+*-]+$/) ?? []
  const named = ranges.some(({ range }) => range === "text/html" || range === "text/*")
  return (
    named && weigh(ranges, "text", "html") > 0 && weigh(ranges, "text", "html") >= weigh(ranges, "application", "json")
  )
}

/**
 * Whether `Accept-Payment` allows a method and an intent ("Payment" HTTP authentication scheme, client payment preferences). An
 * absent or malformed header allows everything.
 */
export const acceptsPayment = (header: string | null, method: string, intent: string): boolean => {
  const ranges = header === null ? undefined : parse(header, /^([a-z0-9-]+|\*)\/([a-z0-9-]+|\*)$/i)
  return ranges === undefined || ranges.length === 0 || weigh(ranges, method.toLowerCase(), intent.toLowerCase()) > 0
}
