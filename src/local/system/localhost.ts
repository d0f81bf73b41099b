import dns from "node:dns"

/**
 * Makes this process resolve every `*.localhost` to 127.0.0.1 (RFC 6761, 6.3). Browsers and curl do so by themselves, but
 * Node asks the system, and Debian's resolver knows `localhost` only. Idempotent. It affects `fetch`, `node:http` and
 * all other callers of `dns.lookup`.
 */
export const resolveLocalhost = (): void => {
  if (Object.hasOwn(dns.lookup, installed)) return
  const system = dns.lookup
  const lookup = (hostname: string, ...rest: ReadonlyArray<unknown>): unknown =>
    Reflect.apply(system, dns, [/\.localhost\.?$/i.test(hostname) ? "127.0.0.1" : hostname, ...rest])
  dns.lookup = Object.assign(lookup, system, { [installed]: true }) as unknown as typeof dns.lookup
}

const installed = Symbol.for("mpp-compute/local/resolveLocalhost")
