import { type Answer, notFound, ok } from "./answers.ts"
import type { Context } from "./context.ts"
import { execute, query } from "./routes/database.ts"
import { deleteProject } from "./routes/delete-project.ts"
import { endSession, getSession, startSession, streamLogs } from "./routes/logs.ts"
import { createProject, me, setTags, withIsoTimes } from "./routes/projects.ts"
import { createResource, deleteResource, listResources } from "./routes/resources.ts"
import { deleteSecret, listSecrets, setSecret } from "./routes/secrets.ts"
import { latest, upload } from "./routes/uploads.ts"
import { inventoryOf } from "./store/resources.ts"
import type { Project } from "./store/rows.ts"

/**
 * Answers an authorized request; `path` is what follows `/v1/`.
 *
 * @throws Error when Jack answers 500 in plain text, for example because the body is no JSON.
 */
export const route = async (request: Request, path: string, context: Context): Promise<Answer> => {
  const { store } = context
  const slug = /^projects\/by-slug\/([^/]+)$/.exec(path)?.[1]
  if (slug !== undefined && request.method === "GET") {
    const project = store.bySlug(decodeURIComponent(slug))
    return project === undefined ? notFound : ok({ project })
  }
  const [, id, rest = ""] = /^projects\/([^/]+)(\/.*)?$/.exec(path) ?? []
  if (id !== undefined) return routeProject(request, rest, context, store.project(id))
  switch (`${request.method} ${path}`) {
    case "GET me":
      return me
    case "GET projects":
      return ok({ projects: store.rows.projects.map(withIsoTimes) })
    case "POST projects":
      return createProject(request, context)
    // Not Jack's: all that exists, for tests.
    case "GET local/inventory":
      return ok(inventoryOf(store))
  }
  return ok("404 Not Found", 404)
}

/** Calls that Jack checks before it looks for the project. */
const routeProject = async (
  request: Request,
  rest: string,
  context: Context,
  project: Project | undefined
): Promise<Answer> => {
  const type = /^\/resources\/([^/]+)$/.exec(rest)?.[1]
  if (request.method === "POST" && type !== undefined) return createResource(request, context, type, project)
  if (request.method === "PUT" && rest === "/tags") return setTags(request, project, context.store)
  const answer = routeFound(request, rest, context)
  if (answer === undefined) return ok("404 Not Found", 404)
  return project === undefined ? notFound : answer(project)
}

type Handler = (project: Project) => Answer | Promise<Answer>

const routeFound = (request: Request, rest: string, context: Context): Handler | undefined => {
  const { store, siteUrl } = context
  const [, folder, name = ""] = /^\/(secrets|resources)\/([^/]+)$/.exec(rest) ?? []
  if (request.method === "DELETE" && folder === "secrets")
    return (project) => deleteSecret(context, project, decodeURIComponent(name))
  if (request.method === "DELETE" && folder === "resources") return (project) => deleteResource(context, project, name)
  switch (`${request.method} ${rest}`) {
    case "GET ":
      return (project) => ok({ project, url: siteUrl(project.slug) })
    case "DELETE ":
      return (project) => deleteProject(context, project)
    case "GET /deployments/latest":
      return (project) => latest(store, project)
    case "POST /deployments/upload":
      return (project) => upload(request, context, project)
    case "GET /resources":
      return (project) => listResources(context, project)
    case "POST /database/query":
      return (project) => query(request, context, project)
    case "POST /database/execute":
      return (project) => execute(request, context, project)
    case "GET /secrets":
      return (project) => listSecrets(context, project)
    case "POST /secrets":
      return (project) => setSecret(request, context, project)
    case "GET /logs/session":
      return (project) => getSession(context, project)
    case "POST /logs/session":
      return (project) => startSession(request, context, project)
    case "DELETE /logs/session":
      return (project) => endSession(context, project)
    case "GET /logs/stream":
      return (project) => streamLogs(context, project)
  }
  return undefined
}
