/** Refused, or not to be had: a URL import. The message is for the source's author. */
export class ImportRefused extends Error {
  override readonly name = "ImportRefused"
}

/**
 * Whether a module may be fetched from here. Checked for every import and for every redirect: a Worker reaches what its
 * caller cannot, private addresses included, so that nothing is fetched but from hosts that were named.
 *
 * @param hosts names as in a URL, in lower case: `esm.sh`.
 * @throws {ImportRefused} when it may not.
 */
export const checkUrl = (text: string, base: URL | undefined, hosts: ReadonlySet<string>): URL => {
  let url: URL
  try {
    url = new URL(text, base)
  } catch (cause) {
    throw new ImportRefused(`${JSON.stringify(text.slice(0, 200))} is no URL`, { cause })
  }
  const problem = problemOf(url, hosts)
  if (problem !== undefined) throw new ImportRefused(problem)
  url.hash = ""
  return url
}

const problemOf = (url: URL, hosts: ReadonlySet<string>): string | undefined => {
  if (url.protocol !== "https:") return `only https: is fetched, not ${url.protocol}`
  if (url.username !== "" || url.password !== "") return "URLs with a user name or a password are not fetched"
  if (url.port !== "") return "URLs with a port are not fetched"
  if (url.href.length > 2000) return "the URL is longer than 2000 characters"
  if (hosts.has(url.hostname)) return undefined
  const allowed = hosts.size === 0 ? "none is allowed" : `allowed: ${[...hosts].join(", ")}`
  return `the host ${url.hostname} is not allowed (${allowed})`
}
