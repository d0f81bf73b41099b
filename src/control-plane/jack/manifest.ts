import { COMPATIBILITY_DATE } from "../ControlPlane.ts"
import type { Assets, Resources, Upload } from "../Upload.ts"

const isEmpty = (value: object | null | undefined): boolean =>
  value === null || value === undefined || Object.keys(value).length === 0

/** Jack appends this to the Worker's name. A bucket's name has no underscore. */
const bucketName = (binding: string): string => binding.toLowerCase().replaceAll("_", "-")

const objectBindings = ({ durableObjects }: Resources) =>
  (durableObjects?.bindings ?? []).map(({ name, className }) => ({ binding: name, class_name: className }))

const migrationsOf = ({ durableObjects }: Resources) =>
  (durableObjects?.migrations ?? []).map(({ tag, newSqliteClasses, deletedClasses, renamedClasses }) => ({
    tag,
    ...(!isEmpty(newSqliteClasses) && { new_sqlite_classes: newSqliteClasses }),
    ...(!isEmpty(deletedClasses) && { deleted_classes: deletedClasses }),
    ...(!isEmpty(renamedClasses) && { renamed_classes: renamedClasses })
  }))

/** The binding of assets of a program without one, because Jack requires a name. It must not be the name of anything else. */
const freeName = ({ vars, secrets, resources }: Upload): string => {
  const taken = new Set([
    ...Object.keys({ ...vars, ...secrets }),
    ...(resources?.kv ?? []),
    ...(resources?.r2 ?? []),
    ...(resources?.durableObjects?.bindings ?? []).map(({ name }) => name),
    resources?.database
  ])
  let name = "ASSETS"
  while (taken.has(name)) name += "_"
  return name
}

const assetsOf = ({ binding, htmlHandling, notFoundHandling, runWorkerFirst }: Assets, upload: Upload) => ({
  binding: binding ?? freeName(upload),
  directory: ".",
  ...(htmlHandling !== undefined && { html_handling: htmlHandling }),
  ...(notFoundHandling !== undefined && { not_found_handling: notFoundHandling }),
  ...(runWorkerFirst !== undefined && { run_worker_first: runWorkerFirst })
})

const resourceBindings = (resources: Resources) => ({
  ...(!isEmpty(resources.kv) && { kv: resources.kv.map((binding) => ({ binding })) }),
  ...(!isEmpty(resources.r2) && {
    r2: resources.r2.map((binding) => ({ binding, bucket_name: bucketName(binding) }))
  }),
  ...(resources.database !== null && { d1: { binding: resources.database } }),
  ...(!isEmpty(objectBindings(resources)) && { durable_objects: objectBindings(resources) })
})

/**
 * Returns the manifest of an upload. Version 2 passes the settings of assets on as they are; version 1 would answer every
 * unknown path with `index.html`. A program without bindings gets version 1.
 *
 * @param builtAt ISO 8601
 */
export const manifestOf = (upload: Upload, builtAt: string): object => {
  const { vars, resources, assets } = upload
  const bindings = {
    ...(!isEmpty(vars) && { vars }),
    ...(resources !== undefined && resourceBindings(resources)),
    ...(assets !== undefined && assets !== null && { assets: assetsOf(assets, upload) })
  }
  const migrations = resources === undefined ? [] : migrationsOf(resources)
  return {
    version: isEmpty(bindings) && migrations.length === 0 ? 1 : 2,
    entrypoint: upload.main,
    compatibility_date: upload.compatibilityDate ?? COMPATIBILITY_DATE,
    compatibility_flags: upload.compatibilityFlags,
    module_format: "esm",
    built_at: builtAt,
    ...(!isEmpty(bindings) && { bindings }),
    ...(migrations.length > 0 && { migrations })
  }
}
