import { fetchSite, type FrontEnv, QUESTION, siteLabelOf } from "./via-front.ts"

/**
 * The gateway's way out: any URL that this machine can reach, and sites by their names. The gateway asks a site by HEAD whether it
 * is live. Here the host answers that and runs no code for it, so that code which counts its requests counts those of its
 * users. At Jack the question reaches the code.
 */
export default {
  fetch(request: Request, env: FrontEnv): Promise<Response> {
    if (siteLabelOf(request.url, env) === undefined) return fetch(request)
    return fetchSite(request, env, request.method === "HEAD" ? QUESTION : undefined)
  }
}
