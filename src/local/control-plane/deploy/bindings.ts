import type { SiteResources } from "../../hosting/spec.ts"
import type { Manifest } from "../manifest.ts"
import { addResource, resourcesOf, sanitized, validateBindingName, workerName } from "../store/resources.ts"
import type { Resource } from "../store/rows.ts"
import type { Store } from "../store/Store.ts"

/**
 * Finds the resources that a manifest names. The namespaces and buckets that are not there yet are made, also for an upload that
 * fails later.
 *
 * @throws Error with Jack's message when there is no database.
 */
export const resolveBindings = (
  store: Store,
  project: string,
  { bindings = {} }: Manifest
): Pick<SiteResources, "kv" | "r2" | "d1"> => {
  const find = (type: Resource["resource_type"], binding: string): Resource | undefined =>
    resourcesOf(store, project, type).find(({ binding_name }) => binding_name === binding)
  const idsOf = (names: ReadonlyArray<string>, found: (name: string) => Resource): Readonly<Record<string, string>> =>
    Object.fromEntries(names.map((name) => [name, found(name).provider_id]))

  // Jack takes the oldest database when none has the binding's name.
  const database = bindings.d1 && (find("d1", bindings.d1.binding) ?? resourcesOf(store, project, "d1")[0])
  if (bindings.d1 && database === undefined)
    throw new Error(
      `D1 database with binding "${bindings.d1.binding}" not found for project ${project}. ` +
        "Create one with: jack services db create"
    )

  const r2 = Object.fromEntries(
    (bindings.r2 ?? []).map(({ binding, bucket_name }) => {
      const bucket = `${workerName(project)}-${sanitized(bucket_name)}`
      return [binding, (find("r2", binding) ?? make(store, project, "r2", binding, bucket, bucket)).provider_id]
    })
  )
  const kv = idsOf(
    (bindings.kv ?? []).map(({ binding }) => binding),
    (binding) =>
      find("kv", binding) ?? make(store, project, "kv", binding, `${workerName(project)}-${binding.toLowerCase()}`)
  )
  for (const { binding, class_name } of bindings.durable_objects ?? [])
    if (find("durable_object", binding) === undefined)
      addResource(store, project, "durable_object", binding, class_name, class_name)
  return { kv, r2, d1: bindings.d1 && database ? { [bindings.d1.binding]: database.provider_id } : {} }
}

const make = (
  store: Store,
  project: string,
  type: "kv" | "r2",
  binding: string,
  name: string,
  id?: string
): Resource => {
  validateBindingName(binding)
  // Cloudflare finds a namespace or a bucket by its name again.
  const same = resourcesOf(store, project, type).find(({ resource_name }) => resource_name === name)
  return addResource(store, project, type, binding, name, same?.provider_id ?? id)
}
