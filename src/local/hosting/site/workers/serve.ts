import { cf } from "../../../system/cf.ts"

interface Env {
  /** The site's code, behind its assets. */
  readonly SITE: { fetch(request: Request): Promise<Response> }
}

/** Miniflare tells wrangler's log by this header why it served an asset. */
const FOR_LOG = "x-mf-additional-response-log"

const withoutLog = (answer: Response): Response => {
  if (!answer.headers.has(FOR_LOG)) return answer
  const response = new Response(answer.body, answer)
  response.headers.delete(FOR_LOG)
  return response
}

/** Runs in front of a site's code: gives requests the platform's `cf`, and answers errors as the loaded sites do. */
export default {
  async fetch(request: Request, { SITE }: Env): Promise<Response> {
    try {
      return withoutLog(await SITE.fetch(new Request(request, { cf } as RequestInit)))
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      return Response.json({ error: "worker_threw_exception", message }, { status: 500 })
    }
  }
}
