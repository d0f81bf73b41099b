interface Env {
  /** The Worker behind this one. */
  readonly GATEWAY: {
    fetch(request: Request): Promise<Response>
    scheduled(event: { readonly cron: string }): Promise<{ readonly outcome: string }>
  }
  /** `Host` headers that are answered: with a port, or without one for any port. */
  readonly HOSTS: ReadonlyArray<string>
  /** The first path segment of what only the launcher may ask. */
  readonly SECRET: string
}

/**
 * Stands in front of the local gateway and answers to this machine's names only: a page that has its own name point to
 * 127.0.0.1 (DNS rebinding) would read the gateway's answers as its own. Nothing of the runtime's development endpoints is
 * behind it.
 */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { host, hostname, pathname } = new URL(request.url)
    if (!env.HOSTS.includes(host) && !env.HOSTS.includes(hostname)) return foreign(env.HOSTS)
    if (pathname === `/${env.SECRET}/scheduled`)
      return Response.json(await env.GATEWAY.scheduled({ cron: "* * * * *" }))
    if (request.headers.has("cf-connecting-ip")) return env.GATEWAY.fetch(request)
    // The platform says who calls; nobody but this machine does.
    const forwarded = new Request(request)
    forwarded.headers.set("cf-connecting-ip", "127.0.0.1")
    return env.GATEWAY.fetch(forwarded)
  }
}

const foreign = (hosts: ReadonlyArray<string>): Response =>
  new Response(
    JSON.stringify({
      type: "about:blank",
      title: "Forbidden",
      status: 403,
      code: "forbidden",
      detail:
        `This gateway runs on somebody's machine and answers at ${hosts.join(", ")} only. ` +
        "To let it answer to another name, a tunnel's for instance, start it with GATEWAY_HOSTS set to that name.",
      charged: false
    }),
    { status: 403, headers: { "content-type": "application/problem+json" } }
  )
