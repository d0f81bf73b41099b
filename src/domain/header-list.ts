/**
 * Reads headers as `OTEL_EXPORTER_OTLP_HEADERS` lists them: `name=value`, separated by commas, with values that may be percent-encoded
 * (W3C Baggage without properties). Returns `undefined` for anything else, and for a header that no request may carry.
 */
export const parseHeaderList = (list: string): Readonly<Record<string, string>> | undefined => {
  const headers: Record<string, string> = {}
  for (const entry of list.split(",")) {
    const end = entry.indexOf("=")
    const name = entry.slice(0, Math.max(0, end)).trim().toLowerCase()
    const value = decode(entry.slice(end + 1).trim())
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || value === undefined || !/^[\x20-\x7e]+$/.test(value)) return undefined
    headers[name] = value
  }
  return headers
}

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
