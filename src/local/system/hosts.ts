import type { IncomingHttpHeaders } from "node:http"

/** The `Host` headers of this machine's own names, for a port. */
export const ownHosts = (port: number): ReadonlyArray<string> =>
  ["127.0.0.1", "localhost", "[::1]"].map((name) => (port === 80 ? name : `${name}:${port}`))

/**
 * Refuses a request that a page in a browser sends to a server of the stack. Returns the reason, or `undefined` for an
 * acceptable request. A page whose name resolves to 127.0.0.1 (DNS rebinding) sends that name as `Host`; any other page sends
 * its `Origin`, except with a GET.
 */
export const refuseBrowser = (headers: IncomingHttpHeaders, hosts: ReadonlyArray<string>): string | undefined => {
  const { host = "", origin } = headers
  if (!hosts.includes(host.toLowerCase())) return `This server answers at ${hosts.join(" and ")} only.`
  if (origin !== undefined) return "Pages in a browser may not call this server."
  // Browsers state the origin of a request. "none" is an address that a person typed.
  const site = headers["sec-fetch-site"]
  return site === undefined || site === "none" ? undefined : "Pages in a browser may not call this server."
}
