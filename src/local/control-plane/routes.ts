import type { StartResult } from "../hosting/bundle.ts"
import type { EncodedBundle } from "../hosting/encoding.ts"
import { account, databaseTime, type Project, type Store } from "./store.ts"
import { readUpload } from "./upload.ts"

/** The services of the routes. */
export interface Context {
  readonly store: Store
  /** The URL of a project, by its slug. */
  readonly siteUrl: (slug: string) => string
  readonly check: (bundle: EncodedBundle) => Promise<StartResult>
  /** For tests: the message of the next create's failure, once. */
  readonly takeCreateFailure: () => string | undefined
}

/** An answer of the control plane. A string body is sent as text. */
export interface Answer {
  readonly status: number
  readonly body: unknown
}

const ok = (body: unknown, status = 200): Answer => ({ status, body })
const fail = (status: number, error: string, message: string): Answer => ({ status, body: { error, message } })
const notFound = fail(404, "not_found", "Project not found")
const invalid = (message: string): Answer => fail(400, "invalid_request", message)
const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** Writes `2026-03-26T21:00:00Z`, the form of times in lists. */
const iso = (time: string): string => `${time.replace(" ", "T")}Z`
const withIsoTimes = <A extends { created_at: string; updated_at: string }>(row: A): A => ({
  ...row,
  created_at: iso(row.created_at),
  updated_at: iso(row.updated_at)
})

/** Lowercases, turns other characters to `-`, trims, and then cuts at 63. So the result may end in `-` again, as at Jack. */
const slugify = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    // bounded: 1 hyphen in a row, after the replacement above
    .replace(/^-+|-+$/g, "")
    .slice(0, 63)

const createProject = async (request: Request, { store, siteUrl, takeCreateFailure }: Context): Promise<Answer> => {
  const body = (await request.json()) as { readonly name: string; readonly slug?: string }
  if (!body.name) return invalid("Name is required")
  const slug = body.slug ?? slugify(body.name)
  if (slug === "")
    return invalid(
      body.slug === undefined ? "Project name must contain at least one alphanumeric character" : "Slug cannot be empty"
    )
  if (body.slug !== undefined && slugify(slug) === "")
    return invalid("Slug must contain at least one alphanumeric character")
  if (body.slug !== undefined && slugify(slug) !== slug)
    return invalid(`Slug must be URL-safe (lowercase letters, numbers, hyphens). Did you mean: "${slugify(slug)}"?`)
  if (store.bySlug(slug) !== undefined)
    return fail(500, "internal_error", `You already have a project with slug "${slug}"`)
  const failure = slug.endsWith("-") ? `Cloudflare API error: invalid name "${slug}"` : takeCreateFailure()
  const project = store.addProject(body.name, slug, failure === undefined ? "active" : "error")
  return failure === undefined
    ? ok({ project, resources: [], url: siteUrl(slug) }, 201)
    : fail(500, "internal_error", failure)
}

const setTags = async (request: Request, project: Project | undefined, store: Store): Promise<Answer> => {
  const { tags } = (await request.json()) as { readonly tags: unknown }
  if (!Array.isArray(tags)) return invalid("tags must be an array")
  if (tags.length > 20) return invalid("Maximum 20 tags allowed")
  for (const tag of tags) {
    if (typeof tag !== "string") return invalid("Each tag must be a string")
    if (tag.length > 50) return invalid(`Tag '${tag}' exceeds maximum length of 50 characters`)
    if (!/^[a-z0-9]([a-z0-9:-]*[a-z0-9])?$/.test(tag)) return invalid(`Tag '${tag}' is invalid.`)
  }
  if (project === undefined) return notFound
  const unique = [...new Set<string>(tags)].toSorted()
  store.setTags(project, unique)
  return ok({ success: true, tags: unique })
}

const upload = async (request: Request, { store, check }: Context, project: Project): Promise<Answer> => {
  const form = await request.formData()
  try {
    const read = await readUpload(form, project.id)
    if ("status" in read) {
      const { status, ...body } = read
      return ok(body, status)
    }
    if (project.status === "error") throw new Error("Worker resource not found")
    const started = await check(read.version)
    // Cloudflare's API answers this for code that does not start. The previous version keeps serving.
    const refusal = started.ok ? undefined : `Cloudflare API error: [10021] ${started.message}`
    const outcome = refusal === undefined ? read.version : { error: refusal }
    // The project may have been deleted while its code was being checked.
    if (store.project(project.id) === undefined) throw new Error(`Project ${project.id} not found`)
    const deployment = store.addDeployment(project, outcome, read.message)
    return refusal === undefined ? ok({ ...deployment, warnings: [] }, 201) : fail(500, "internal_error", refusal)
  } catch (cause) {
    return fail(500, "internal_error", messageOf(cause))
  }
}

const deleteProject = (store: Store, project: Project): Answer => {
  store.deleteProject(project)
  const resources = ["worker", "code_bucket", "kv_cache"].map((resource) => ({ resource, success: true }))
  return ok({ success: true, project_id: project.id, deleted_at: iso(databaseTime()), resources })
}

const me = ok({
  auth: { userId: account.userId, orgId: account.orgId },
  user: { id: account.userId, email: "local@localhost", username: account.username },
  org: { id: account.orgId, name: account.username }
})

/**
 * Answers one authorized request below `/v1`.
 *
 * @throws in the cases in which Jack's handler throws, for example for a body that is not JSON or multipart. The server then
 * answers "Internal Server Error" in plain text.
 */
export const route = async (request: Request, path: string, context: Context): Promise<Answer> => {
  const { store, siteUrl } = context
  const slug = /^projects\/by-slug\/([^/]+)$/.exec(path)?.[1]
  const id = slug === undefined ? /^projects\/([^/]+)/.exec(path)?.[1] : undefined
  const project = slug === undefined ? store.project(id ?? "") : store.bySlug(decodeURIComponent(slug))
  const pattern = path.replace(`/by-slug/${slug}`, "/by-slug/:slug").replace(`projects/${id}`, "projects/:id")
  switch (`${request.method} ${pattern}`) {
    case "GET me":
      return me
    case "GET projects":
      return ok({ projects: store.projects.map(withIsoTimes) })
    case "POST projects":
      return createProject(request, context)
    case "GET projects/by-slug/:slug":
      return project === undefined ? notFound : ok({ project })
    case "GET projects/:id":
      return project === undefined ? notFound : ok({ project, url: siteUrl(project.slug) })
    case "DELETE projects/:id":
      return project === undefined ? notFound : deleteProject(store, project)
    case "PUT projects/:id/tags":
      return setTags(request, project, store)
    case "GET projects/:id/deployments/latest":
      return project === undefined ? notFound : latest(store, project)
    case "POST projects/:id/deployments/upload":
      return project === undefined ? notFound : upload(request, context, project)
  }
  return ok("404 Not Found", 404)
}

const latest = (store: Store, project: Project): Answer => {
  const deployment = store.latest(project)
  return deployment === undefined
    ? fail(404, "not_found", "No deployment found")
    : ok({ deployment: withIsoTimes(deployment) })
}
