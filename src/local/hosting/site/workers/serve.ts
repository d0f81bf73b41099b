import { cf } from "../../../system/cf.ts"

interface Env {
  /** The site's code, behind its assets. */
  readonly SITE: { fetch(request: Request): Promise<Response> }
}

/** Runs in front of a site's code: gives requests the platform's `cf`, and answers errors as the loaded sites do. */
export default {
  async fetch(request: Request, { SITE }: Env): Promise<Response> {
    try {
      return await SITE.fetch(new Request(request, { cf } as RequestInit))
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      return Response.json({ error: "worker_threw_exception", message }, { status: 500 })
    }
  }
}
