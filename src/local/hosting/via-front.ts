/** The header by which a hosted Worker names the site that it calls. It has the stack's secret and the site's host. */
export const SITE_HEADER = "x-mpp-compute-site"

/** The way to other sites: the port of the sites, and the secret that opens it. */
export interface FrontEnv {
  readonly PORT: string
  readonly SECRET: string
}

/** The site of a URL: `{user}-{slug}` of `http://{user}-{slug}.localhost`, at the port of the sites. */
export const siteLabelOf = (url: string, { PORT }: Pick<FrontEnv, "PORT">): string | undefined => {
  const { hostname, port } = new URL(url)
  return (port || "80") === PORT ? /^([^.]+)\.localhost$/.exec(hostname)?.[1] : undefined
}

/** Sends a request to a site by its label and not by its name, because few systems resolve names below `localhost`. */
export const fetchSite = (request: Request, { PORT, SECRET }: FrontEnv): Promise<Response> => {
  const { host, pathname, search } = new URL(request.url)
  const sent = new Request(`http://127.0.0.1:${PORT}${pathname}${search}`, request)
  sent.headers.set(SITE_HEADER, `${SECRET} ${host}`)
  return fetch(sent)
}
