import type { IncomingHttpHeaders } from "node:http"

/** The `Host` headers that are this machine's own, for a port. */
export const ownHosts = (port: number): ReadonlyArray<string> =>
  ["127.0.0.1", "localhost", "[::1]"].map((name) => (port === 80 ? name : `${name}:${port}`))

/**
 * Why a request to one of our own servers comes from a page in a browser, or `undefined` when it does not. A page that has its
 * own name point to 127.0.0.1 (DNS rebinding) sends that name as `Host`; any other page sends its `Origin`, except with a GET.
 */
export const fromPage = (headers: IncomingHttpHeaders, hosts: ReadonlyArray<string>): string | undefined => {
  const { host = "", origin } = headers
  if (!hosts.includes(host.toLowerCase())) return `This server answers at ${hosts.join(" and ")} only.`
  if (origin !== undefined) return "Pages in a browser may not call this server."
  // Browsers say where a request comes from; "none" is somebody who typed the address.
  const site = headers["sec-fetch-site"]
  return site === undefined || site === "none" ? undefined : "Pages in a browser may not call this server."
}
