import { type Answer, fail, invalid, messageOf, notFound, ok } from "../answers.ts"
import type { Context } from "../context.ts"
import { addResource, dataOf, resourcesOf, sanitized, validateBindingName, workerName } from "../store/resources.ts"
import { iso, databaseTime, type Project, type Resource } from "../store/rows.ts"

/** `POST projects/:id/resources/:type`. It makes databases only, and another one at each call. */
export const createResource = async (
  request: Request,
  { store }: Context,
  type: string,
  project: Project | undefined
): Promise<Answer> => {
  if (!["d1", "kv", "r2"].includes(type)) return invalid("resourceType must be one of: d1, kv, r2")
  if (project === undefined) return notFound
  const body = (await request.json().catch(() => ({}))) as { readonly name?: string; readonly binding_name?: string }
  if (type === "kv")
    return fail(501, "not_implemented", "KV namespace creation not yet implemented. Use provisionKVBinding() for now.")
  if (type === "r2")
    return fail(501, "not_implemented", "R2 bucket creation not yet implemented. Use provisionR2Binding() for now.")
  const count = resourcesOf(store, project.id, "d1").length
  const suffix = body.name ? `-${sanitized(body.name)}` : `-db${count + 1}`
  const binding = body.binding_name || (count === 0 ? "DB" : bindingOf(body.name, count))
  try {
    validateBindingName(binding)
  } catch (cause) {
    return fail(500, "internal_error", messageOf(cause))
  }
  return ok({ resource: addResource(store, project.id, "d1", binding, workerName(project.id) + suffix) }, 201)
}

const bindingOf = (name: string | undefined, count: number): string =>
  name
    ? name
        .toUpperCase()
        .replace(/[^A-Z0-9]+/g, "_")
        .replace(/^_|_$/g, "")
    : `DB_${count + 1}`

/** `GET projects/:id/resources`. */
export const listResources = ({ store }: Context, project: Project): Answer =>
  ok({ resources: resourcesOf(store, project.id) })

/** Why a bucket cannot be deleted; undefined if it can. */
export const bucketFailure = async (
  { store, host }: Context,
  { project_id, provider_id }: Resource
): Promise<string | undefined> => {
  try {
    if (await host.isEmpty(dataOf(store, project_id), provider_id)) return undefined
    return `Cloudflare API error: The bucket you tried to delete (${provider_id}) is not empty.`
  } catch (cause) {
    return messageOf(cause)
  }
}

/** `DELETE projects/:id/resources/:resource`. */
export const deleteResource = async (context: Context, project: Project, id: string): Promise<Answer> => {
  const { store } = context
  const resource = resourcesOf(store, project.id).find((resource) => resource.id === id)
  if (resource === undefined) return fail(404, "not_found", "Resource not found")
  const { resource_type } = resource
  if (resource_type === "worker" || resource_type === "durable_object")
    return invalid(`Cannot delete resource type: ${resource_type}`)
  const failure = resource_type === "r2" ? await bucketFailure(context, resource) : undefined
  if (failure !== undefined) return fail(500, "internal_error", failure)
  store.rows.resources.splice(store.rows.resources.indexOf(resource), 1)
  store.save()
  return ok({ success: true, resource_id: id, deleted_at: iso(databaseTime()), cloudflare_deleted: true })
}
