import { randomUUID } from "node:crypto"
import type { SiteData } from "../../hosting/spec.ts"
import { databaseTime, type Resource } from "./rows.ts"
import type { Store } from "./Store.ts"

/** The name of a project's Worker, with which its resources' names begin. */
export const workerName = (projectId: string): string => `jack-${projectId.replace("proj_", "").slice(0, 16)}`

/** The resources of a project of some type, oldest first. */
export const resourcesOf = (
  { rows }: Store,
  projectId: string,
  type?: Resource["resource_type"]
): ReadonlyArray<Resource> =>
  rows.resources.filter(
    ({ project_id, resource_type }) => project_id === projectId && (type === undefined || resource_type === type)
  )

/** Adds a resource row. */
export const addResource = (
  store: Store,
  project_id: string,
  resource_type: Resource["resource_type"],
  binding_name: string | null,
  resource_name: string,
  provider_id: string = randomUUID()
): Resource => {
  const resource: Resource = {
    id: `res_${randomUUID()}`,
    project_id,
    resource_type,
    binding_name,
    resource_name,
    provider_id,
    status: "active",
    metadata: null,
    created_at: databaseTime()
  }
  store.rows.resources.push(resource)
  store.save()
  return resource
}

/** A name as part of a bucket's or a database's name. */
export const sanitized = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^jack-template-/, "")
    .replace(/[^a-z0-9-]/g, "-")
    .replace(/-+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 30)

/**
 * Checks that a binding's name is an identifier.
 *
 * @throws Error with Jack's message.
 */
export const validateBindingName = (name: string): void => {
  if (/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) return
  throw new Error(
    `Invalid binding name "${name}". ` +
      "Binding names must be valid JavaScript identifiers (e.g., CACHE, MY_KV, userSession)."
  )
}

/** The data of a project. */
export const dataOf = (store: Store, project: string): SiteData => ({
  project,
  databases: resourcesOf(store, project, "d1").map(({ provider_id }) => provider_id),
  buckets: resourcesOf(store, project, "r2").map(({ provider_id }) => provider_id)
})

/** All that exists at the host, also what deleted projects left behind. */
export interface Inventory {
  readonly workers: ReadonlyArray<Resource>
  readonly databases: ReadonlyArray<Resource>
  /** Of KV. */
  readonly namespaces: ReadonlyArray<Resource>
  readonly buckets: ReadonlyArray<Resource>
}

/** Lists all that exists. */
export const inventoryOf = ({ rows }: Store): Inventory => {
  const all = [...rows.resources, ...rows.orphans]
  const of = (type: Resource["resource_type"]) => all.filter(({ resource_type }) => resource_type === type)
  return { workers: of("worker"), databases: of("d1"), namespaces: of("kv"), buckets: of("r2") }
}
