/** A URL import is not allowed, or its fetch failed. The message is for the source's author. */
export class ImportRefused extends Error {
  override readonly name = "ImportRefused"
}

/**
 * Checks the URL of every import and of every redirect. A Worker can reach addresses that its caller cannot, including private
 * ones, so modules are fetched only from the named hosts.
 *
 * @param hosts names as in a URL, in lower case: `esm.sh`.
 * @throws {ImportRefused} if the URL is not allowed.
 */
export const checkUrl = (text: string, base: URL | undefined, hosts: ReadonlySet<string>): URL => {
  let url: URL
  try {
    url = new URL(text, base)
  } catch (cause) {
    throw new ImportRefused(`${JSON.stringify(text.slice(0, 200))} is not a URL`, { cause })
  }
  const problem = problemOf(url, hosts)
  if (problem !== undefined) throw new ImportRefused(problem)
  url.hash = ""
  return url
}

const problemOf = (url: URL, hosts: ReadonlySet<string>): string | undefined => {
  if (url.protocol !== "https:") return `only https: URLs are allowed, not ${url.protocol}`
  if (url.username !== "" || url.password !== "") return "a URL must not contain a user name or a password"
  if (url.port !== "") return "a URL must not contain a port"
  if (url.href.length > 2000) return "the URL is longer than 2000 characters"
  if (hosts.has(url.hostname)) return undefined
  const allowed = hosts.size === 0 ? "none is allowed" : `allowed: ${[...hosts].join(", ")}`
  return `the host ${url.hostname} is not allowed (${allowed})`
}
