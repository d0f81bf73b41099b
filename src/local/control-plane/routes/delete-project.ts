import { type Answer, messageOf, ok } from "../answers.ts"
import type { Context } from "../context.ts"
import { resourcesOf } from "../store/resources.ts"
import { databaseTime, iso, type Project, type Resource } from "../store/rows.ts"
import { bucketFailure } from "./resources.ts"

interface Deletion {
  readonly resource: string
  readonly success: boolean
  readonly error?: string
}

/**
 * `DELETE projects/:id`. It deletes the Worker, the oldest database, the buckets that are empty and the namespaces, in Jack's
 * order. All else of the project still exists after it, and belongs to nobody.
 */
export const deleteProject = async (context: Context, project: Project): Promise<Answer> => {
  const { store, host } = context
  const { id } = project
  const all = resourcesOf(store, id)
  const of = (type: Resource["resource_type"]) => all.filter(({ resource_type }) => resource_type === type)
  const deleted: Array<Resource> = []
  const results: Array<Deletion> = []
  const remove = async (resource: Resource, name: string, failure?: Promise<string | undefined>): Promise<void> => {
    const error = await failure
    if (error === undefined) deleted.push(resource)
    results.push({ resource: name, success: error === undefined, ...(error && { error: `Error: ${error}` }) })
  }
  for (const worker of of("worker")) await remove(worker, "worker")
  for (const database of of("d1").slice(0, 1)) await remove(database, "d1")
  for (const bucket of of("r2")) await remove(bucket, `r2:${bucket.resource_name}`, bucketFailure(context, bucket))
  for (const namespace of of("kv")) await remove(namespace, `kv:${namespace.binding_name ?? namespace.resource_name}`)
  for (const resource of ["code_bucket", "custom_domains", "kv_cache"]) results.push({ resource, success: true })

  const orphans = all.filter((one) => one.resource_type !== "durable_object" && !deleted.includes(one))
  store.rows.orphans.push(...orphans)
  store.deleteProject(project)
  // The answer does not depend on it: at Cloudflare the data goes later, too.
  await host.remove(id, { data: orphans.length === 0 }).catch((cause: unknown) => console.error(messageOf(cause)))
  const failed = results.filter(({ success }) => !success).map(({ resource }) => resource)
  return ok({
    success: true,
    project_id: id,
    deleted_at: iso(databaseTime()),
    resources: results,
    ...(failed.length > 0 && { warnings: `Some resources could not be deleted: ${failed.join(", ")}` })
  })
}
