interface Env {
  /** The Worker behind this one. */
  readonly GATEWAY: {
    fetch(request: Request): Promise<Response>
    scheduled(event: { readonly cron: string }): Promise<{ readonly outcome: string }>
  }
  /** The accepted `Host` headers: with a port, or without one for any port. */
  readonly HOSTS: ReadonlyArray<string>
  /** The first path segment of calls that only the launcher makes. */
  readonly SECRET: string
}

/**
 * Runs in front of the local gateway and answers to this machine's names only. Otherwise a page whose name resolves to
 * 127.0.0.1 (DNS rebinding) could read the gateway's answers. The runtime's development endpoints are not behind it.
 */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { host, hostname, pathname } = new URL(request.url)
    if (!env.HOSTS.includes(host) && !env.HOSTS.includes(hostname)) return refuseHost(env.HOSTS)
    if (pathname === `/${env.SECRET}/scheduled`)
      return Response.json(await env.GATEWAY.scheduled({ cron: "* * * * *" }))
    if (request.headers.has("cf-connecting-ip")) return env.GATEWAY.fetch(request)
    // The platform states the client's address. Here all clients are on this machine.
    const forwarded = new Request(request)
    forwarded.headers.set("cf-connecting-ip", "127.0.0.1")
    return env.GATEWAY.fetch(forwarded)
  }
}

const refuseHost = (hosts: ReadonlyArray<string>): Response =>
  new Response(
    JSON.stringify({
      type: "about:blank",
      title: "Forbidden",
      status: 403,
      code: "forbidden",
      detail:
        `This gateway runs on a developer's machine and answers at ${hosts.join(", ")} only. ` +
        "To let it answer to another name, for example a tunnel's, start it with GATEWAY_HOSTS set to that name.",
      charged: false
    }),
    { status: 403, headers: { "content-type": "application/problem+json" } }
  )
