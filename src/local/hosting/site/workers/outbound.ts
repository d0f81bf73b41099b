import { fetchSite, type FrontEnv, siteLabelOf } from "../../via-front.ts"

interface Env extends FrontEnv {
  /** The site's own `Host`. */
  readonly HOST: string
}

/** The network of a site: any URL that this machine can reach, and other sites by their names. */
export default {
  fetch(request: Request, env: Env): Promise<Response> {
    // The request would return to the site without end.
    if (new URL(request.url).host === env.HOST)
      throw new Error(`A site has no origin behind it: it cannot fetch from itself (${request.url}).`)
    return siteLabelOf(request.url, env) === undefined ? fetch(request) : fetchSite(request, env)
  }
}
