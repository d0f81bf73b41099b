/**
 * The header by which a Worker of the stack names the site that it calls. It has the stack's secret, the site's host and, for a
 * question, `QUESTION`.
 */
export const SITE_HEADER = "x-mpp-compute-site"

/** A question whether the host serves a site, which runs none of its code. */
export const QUESTION = "question"

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
export const fetchSite = (
  request: Request,
  { PORT, SECRET }: FrontEnv,
  question?: typeof QUESTION
): Promise<Response> => {
  const { host, pathname, search } = new URL(request.url)
  const sent = new Request(`http://127.0.0.1:${PORT}${pathname}${search}`, request)
  sent.headers.set(SITE_HEADER, [SECRET, host, ...(question === undefined ? [] : [question])].join(" "))
  return fetch(sent)
}
