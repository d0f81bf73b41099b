import { randomUUID } from "node:crypto"
import { rmSync } from "node:fs"
import { join } from "node:path"
import type { SiteClass, SiteSpec } from "../../hosting/spec.ts"
import { messageOf } from "../answers.ts"
import type { Context } from "../context.ts"
import { dataOf, resourcesOf } from "../store/resources.ts"
import type { Deployment, Project } from "../store/rows.ts"
import type { Upload } from "../upload.ts"
import { writeAssets } from "./assets.ts"
import { resolveBindings } from "./bindings.ts"
import { migrate } from "./migrations.ts"
import { readModules } from "./modules.ts"

/**
 * Deploys an upload in Jack's order: schema, resources, code, secrets. The secrets come after the code is live, and the code
 * loses those of earlier uploads. A failure leaves a failed deployment, and the previous code serves unless the secrets failed.
 *
 * @throws Error with the message of Jack's `internal_error`.
 */
export const deploy = async (context: Context, project: Project, upload: Upload): Promise<Deployment> => {
  const { store } = context
  const id = `dep_${randomUUID()}`
  try {
    if (upload.schema !== null) await executeSchema(context, project, upload.schema)
    await deployCode(context, project, upload, id)
    if (upload.secrets !== null) setSecrets(context, project, upload.secrets)
    return store.addDeployment(project, id, null, upload.message)
  } catch (cause) {
    if (store.project(project.id) === undefined) throw new Error(`Project ${project.id} not found`, { cause })
    if (store.script(project).live !== id) rmSync(store.versionFolder(id), { recursive: true, force: true })
    store.addDeployment(project, id, messageOf(cause), upload.message)
    throw cause
  }
}

const executeSchema = async ({ store, host }: Context, project: Project, schema: string): Promise<void> => {
  const database = resourcesOf(store, project.id, "d1")[0]
  if (database === undefined) throw new Error("D1 database not found for project")
  await host.query(dataOf(store, project.id), database.provider_id, schema).catch((cause: unknown) => {
    throw new Error(`D1 error: ${messageOf(cause)}`)
  })
}

const deployCode = async (
  { store, host }: Context,
  project: Project,
  { manifest, bundle, assets }: Upload,
  id: string
): Promise<void> => {
  if (resourcesOf(store, project.id, "worker").length === 0) throw new Error("Worker resource not found")
  const resolved = resolveBindings(store, project.id, manifest)
  const modules = readModules(bundle, manifest)
  const cloudflare = assets === null ? "Cloudflare API error" : "Failed to upload dispatch script with assets"
  const script = store.script(project)
  const siteAssets = assets && writeAssets(manifest, assets, join(store.versionFolder(id), "assets"))
  const migrated = attempt(cloudflare, () =>
    migrate(manifest, { classes: script.classes, tag: project.do_migration_tag })
  )
  const version: SiteSpec = {
    ...modules,
    ...resolved,
    project: project.id,
    compatibilityDate: manifest.compatibility_date,
    compatibilityFlags: manifest.compatibility_flags ?? [],
    env: { PROJECT_ID: project.id, ...manifest.bindings?.vars },
    objects: Object.fromEntries(
      (manifest.bindings?.durable_objects ?? []).map(({ binding, class_name }) => [
        binding,
        migrated.classes.find(({ className }) => className === class_name) as SiteClass
      ])
    ),
    classes: migrated.classes,
    assets: siteAssets
  }
  const started = await host.check(version, dataOf(store, project.id))
  // Cloudflare's API answers this for code that does not start. The previous version keeps serving.
  if (!started.ok) throw new Error(`${cloudflare}: [10021] ${started.message}`)
  // The project may have been deleted while its code was being checked.
  if (store.project(project.id) === undefined) throw new Error(`Project ${project.id} not found`)
  script.classes = [...migrated.classes]
  project.do_migration_tag = migrated.tag
  store.setLive(project, id, version)
  // Each upload takes the secrets of the one before away.
  store.setSecrets(project, {})
}

const attempt = <A>(cloudflare: string, step: () => A): A => {
  try {
    return step()
  } catch (cause) {
    throw new Error(`${cloudflare}: ${messageOf(cause)}`, { cause })
  }
}

const setSecrets = (context: Context, project: Project, secrets: Readonly<Record<string, string>>): void => {
  const { store, takeFailure } = context
  const [first] = Object.keys(secrets)
  const failure = first === undefined ? undefined : takeFailure("secrets")
  if (failure !== undefined) throw new Error(`Failed to set secret ${first}: ${failure}`)
  store.setSecrets(project, { ...store.secrets(project), ...secrets })
}
