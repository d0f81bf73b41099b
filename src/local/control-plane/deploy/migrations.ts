import { randomUUID } from "node:crypto"
import type { SiteClass } from "../../hosting/spec.ts"
import type { Manifest, ManifestMigration } from "../manifest.ts"

/** The classes of a script after its migrations, and the tag of the last one. */
export interface Migrated {
  readonly classes: ReadonlyArray<SiteClass>
  readonly tag: string | null
}

/**
 * Applies the migrations that follow the last tag. A project without bindings of Durable Objects applies none.
 *
 * @throws Error with Cloudflare's message when a migration or a binding does not fit the classes.
 */
export const migrate = ({ bindings, migrations = [] }: Manifest, before: Migrated): Migrated => {
  const objects = bindings?.durable_objects ?? []
  if (objects.length === 0) return before
  const last = migrations.at(-1)?.tag ?? before.tag
  const pending =
    last === before.tag ? [] : migrations.slice(migrations.findIndex(({ tag }) => tag === (before.tag ?? "")) + 1)
  const classes = pending.reduce(apply, before.classes)
  for (const { class_name } of objects)
    if (find(classes, class_name) === undefined)
      throw new Error(
        `[10061] Cannot create binding for class '${class_name}' because it is not currently configured to implement ` +
          "Durable Objects. Did you forget to apply a migration?"
      )
  return { classes, tag: last }
}

const find = (classes: ReadonlyArray<SiteClass>, name: string): SiteClass | undefined =>
  classes.find(({ className }) => className === name)

const apply = (before: ReadonlyArray<SiteClass>, migration: ManifestMigration): ReadonlyArray<SiteClass> => {
  let classes = before
  for (const { from, to } of migration.renamed_classes ?? []) {
    if (find(classes, from) === undefined)
      throw new Error(`[10072] Cannot apply renamed-class migration from class '${from}': there is no such class.`)
    classes = classes.map((one) => (one.className === from ? { ...one, className: to } : one))
  }
  for (const name of migration.deleted_classes ?? []) {
    if (find(classes, name) === undefined)
      throw new Error(`[10073] Cannot apply deleted-class migration to class '${name}': there is no such class.`)
    classes = classes.filter(({ className }) => className !== name)
  }
  for (const name of migration.new_sqlite_classes ?? []) {
    if (find(classes, name) !== undefined)
      throw new Error(
        `[10074] Cannot apply new-sqlite-class migration to class '${name}' that is already depended on by existing ` +
          "Durable Objects"
      )
    classes = [...classes, { className: name, key: `objects-${randomUUID()}` }]
  }
  return classes
}
