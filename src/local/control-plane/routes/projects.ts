import { type Answer, fail, invalid, notFound, ok } from "../answers.ts"
import type { Context } from "../context.ts"
import { addResource, resourcesOf, workerName } from "../store/resources.ts"
import { account, iso, type Project } from "../store/rows.ts"
import type { Store } from "../store/Store.ts"

/** A row as lists have it. */
export const withIsoTimes = <A extends { created_at: string; updated_at: string }>(row: A): A => ({
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

/** `POST projects`. Like Jack, it makes a Worker and a database with the binding `DB`, wanted or not. */
export const createProject = async (request: Request, { store, siteUrl, takeFailure }: Context): Promise<Answer> => {
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
  const failure = slug.endsWith("-") ? `Cloudflare API error: invalid name "${slug}"` : takeFailure("create")
  const project = store.addProject(body.name, slug, failure === undefined ? "active" : "error")
  if (failure !== undefined) return fail(500, "internal_error", failure)
  addResource(store, project.id, "d1", "DB", `${workerName(project.id)}-db`)
  addResource(store, project.id, "worker", null, workerName(project.id), workerName(project.id))
  return ok({ project, resources: resourcesOf(store, project.id), url: siteUrl(slug) }, 201)
}

/** `PUT projects/:id/tags`. */
export const setTags = async (request: Request, project: Project | undefined, store: Store): Promise<Answer> => {
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

/** `GET me`. */
export const me = ok({
  auth: { userId: account.userId, orgId: account.orgId },
  user: { id: account.userId, email: "local@localhost", username: account.username },
  org: { id: account.orgId, name: account.username }
})
