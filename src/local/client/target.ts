/** The address that a command was given: `https://compute.example`, and `http://` for this machine alone. No path. */
export const targetOf = (argument: string | undefined): string => {
  if (argument === undefined || !URL.canParse(argument))
    throw new Error("Name the service, for example https://compute.example, behind `--`.")
  const url = new URL(argument)
  const isLocal = /(^|\.)localhost$|^127\.0\.0\.1$/.test(url.hostname)
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLocal))
    throw new Error(`${argument} is no https:// address. Only localhost may be http://.`)
  return url.origin
}

/**
 * Sends a request without payment, for at most 30 s.
 *
 * @throws Error that names the URL if there is no answer, or another status than `status`.
 */
export const request = async (url: string, status: number, init: RequestInit = {}): Promise<Response> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000), ...init }).catch((cause: unknown): never => {
    throw new Error(`${url} does not answer: ${messageOf(cause)}`, { cause })
  })
  if (response.status === status) return response
  throw new Error(`${url} answered ${response.status}, not ${status}: ${await explain(response)}`)
}

/** The reason that an answer gives: the `detail` of a problem, or the start of its text. */
export const explain = async (response: Response): Promise<string> => {
  const text = await response.text()
  try {
    const { detail, charged } = JSON.parse(text) as { readonly detail?: unknown; readonly charged?: unknown }
    if (typeof detail === "string") return `${detail}${charged === undefined ? "" : ` (charged: ${String(charged)})`}`
  } catch {
    // No JSON: the text itself is the reason.
  }
  return text.slice(0, 300)
}

/** The messages of an error and of its cause, in one line. */
export const messageOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  const [line = ""] = cause.message.split("\n")
  return cause.cause instanceof Error ? `${line} (${messageOf(cause.cause)})` : line
}
