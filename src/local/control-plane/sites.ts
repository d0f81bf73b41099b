import { needsRuntime } from "../hosting/spec.ts"
import { type Answer, ok } from "./answers.ts"
import type { Context } from "./context.ts"
import { streamEvents, type TailEvent } from "./logs/events.ts"
import { dataOf } from "./store/resources.ts"
import { account } from "./store/rows.ts"

const nothing: Answer = { status: 404, body: "" }

/**
 * Answers the hosting process. `{label}` is the version that the site runs, with its project if it needs a process of its own;
 * `{label}/{version}` is that version's code with its secrets; a POST brings what the site has logged.
 */
export const answerHosting = async (request: Request, path: string, context: Context): Promise<Answer> => {
  const { store, streams } = context
  const [label = "", version] = path.split("/")
  const prefix = `${account.username}-`
  const project = label.startsWith(prefix) ? store.bySlug(label.slice(prefix.length)) : undefined
  // A label of more than 63 characters is no host name (RFC 1035, 2.3.4), but Jack creates such projects.
  if (project === undefined || project.status === "error" || label.length > 63) return nothing
  if (request.method === "POST") {
    streams.publish(project.id, streamEvents((await request.json()) as ReadonlyArray<TailEvent>))
    return ok({})
  }
  const live = store.live(project)
  if (live === undefined) return ok({ version: null })
  const { live: deployment, secretsRevision } = store.script(project)
  const revision = `${deployment}.${secretsRevision}`
  if (version === undefined) return ok({ version: revision, ...(needsRuntime(live) && { project: project.id }) })
  if (version !== revision) return nothing
  const complete = { ...live, env: { ...live.env, ...store.secrets(project) } }
  if (needsRuntime(live)) return ok({ version: complete, data: dataOf(store, project.id) })
  const { mainModule, modules, compatibilityDate, compatibilityFlags, env } = complete
  return ok({ mainModule, modules, compatibilityDate, compatibilityFlags, env })
}
