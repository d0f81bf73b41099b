import { own } from "../project/jsonc.ts"
import type { BindingNames } from "./bindings.ts"
import { quoted, type Report } from "./Report.ts"
import type { Path } from "./text/locate-json.ts"
import type { ObjectBinding, ObjectMigration, RequiredExport, ResourceRequest } from "./types.ts"
import { requiredTextAt, tablesAt, textsAt, warnOfOthers } from "./values.ts"

/** How many classes a deployment may have. */
const MAX_CLASSES = 3

/** How many migrations a configuration may have. */
const MAX_MIGRATIONS = 100

const CLASSES = ["new_sqlite_classes", "new_classes", "deleted_classes", "renamed_classes"] as const

const readMigration = (
  report: Report,
  path: Path,
  table: Readonly<Record<string, unknown>>
): ObjectMigration | undefined => {
  const tag = requiredTextAt(report, table, path, "tag")
  const plain = textsAt(report, table, path, "new_classes")
  if (plain.length > 0)
    report.warn(
      [...path, "new_classes"],
      '"new_classes" is read as "new_sqlite_classes": every class stores its data in SQLite',
      "The key-value methods of its storage stay the same."
    )
  if (own(table, "transferred_classes") !== undefined)
    report.refuse(
      [...path, "transferred_classes"],
      "Classes cannot be transferred: there is no other Worker",
      "Remove it."
    )
  warnOfOthers(report, table, path, ["tag", "transferred_classes", ...CLASSES])
  const newSqliteClasses = [...new Set([...textsAt(report, table, path, "new_sqlite_classes"), ...plain])]
  const renamedClasses = tablesAt(report, table, path, "renamed_classes").flatMap(([at, rename]) => {
    const from = requiredTextAt(report, rename, at, "from")
    const to = requiredTextAt(report, rename, at, "to")
    return from === undefined || to === undefined ? [] : [{ from, to }]
  })
  const deletedClasses = textsAt(report, table, path, "deleted_classes")
  return tag === undefined ? undefined : { tag, newSqliteClasses, deletedClasses, renamedClasses }
}

/** Reads `migrations`, and follows the classes through them. */
const readMigrations = (report: Report) => {
  const migrations: Array<ObjectMigration> = []
  /** The classes that there are, and where the last step that made them is written. */
  const classes = new Map<string, Path>()
  const tables = tablesAt(report, report.value, [], "migrations")
  if (tables.length > MAX_MIGRATIONS)
    report.refuse(["migrations"], `${tables.length} migrations are too many`, `At most ${MAX_MIGRATIONS} are allowed.`)
  for (const [path, table] of tables.slice(0, MAX_MIGRATIONS)) {
    const migration = readMigration(report, path, table)
    if (migration === undefined) continue
    if (migrations.some(({ tag }) => tag === migration.tag))
      report.refuse(
        [...path, "tag"],
        `Two migrations have the tag ${quoted(migration.tag)}`,
        "Give it a tag of its own."
      )
    migrations.push(migration)
    const key = (name: string) =>
      own(table, "new_classes") !== undefined && !newIn(table, name) ? "new_classes" : "new_sqlite_classes"
    for (const name of migration.newSqliteClasses) {
      if (classes.has(name))
        report.refuse(
          [...path, key(name)],
          `The class ${quoted(name)} was made by an earlier migration`,
          "Remove it here."
        )
      classes.set(name, [...path, key(name)])
    }
    for (const { from, to } of migration.renamedClasses) {
      if (!classes.delete(from))
        report.refuse([...path, "renamed_classes"], `There is no class ${quoted(from)} to rename`, "Correct the name.")
      classes.set(to, [...path, "renamed_classes"])
    }
    for (const name of migration.deletedClasses)
      if (!classes.delete(name))
        report.refuse([...path, "deleted_classes"], `There is no class ${quoted(name)} to delete`, "Correct the name.")
  }
  return { migrations, classes }
}

const newIn = (table: Readonly<Record<string, unknown>>, name: string): boolean => {
  const list = own(table, "new_sqlite_classes")
  return Array.isArray(list) && list.includes(name)
}

const readBinding = (
  report: Report,
  names: BindingNames,
  path: Path,
  table: Readonly<Record<string, unknown>>
): ObjectBinding | undefined => {
  const name = names.add(requiredTextAt(report, table, path, "name"), [...path, "name"])
  const className = requiredTextAt(report, table, path, "class_name")
  const script = own(table, "script_name")
  if (script !== undefined && script !== own(report.value, "name"))
    report.refuse(
      [...path, "script_name"],
      `The class ${quoted(className ?? "")} belongs to another Worker, which there is not`,
      'Send the class as part of this program, and remove "script_name".'
    )
  // The host writes it into code.
  if (className !== undefined && (!/^[A-Za-z_$][\w$]*$/.test(className) || className.startsWith("__JACK_")))
    report.refuse(
      [...path, "class_name"],
      `${quoted(className)} cannot be the name of a class here`,
      "Use letters of ASCII, digits and underscores."
    )
  warnOfOthers(report, table, path, ["name", "class_name", "script_name", "environment"])
  return name === undefined || className === undefined ? undefined : { name, className }
}

/** Durable Objects, and the classes that the program has to export for them. */
export interface DurableObjects {
  readonly request: ResourceRequest["durableObjects"]
  readonly requiredExports: ReadonlyArray<RequiredExport>
}

/** Reads `durable_objects` and `migrations`. */
export const readDurableObjects = (report: Report, names: BindingNames): DurableObjects => {
  const { migrations, classes } = readMigrations(report)
  const tables = tablesAt(report, own(report.value, "durable_objects"), ["durable_objects"], "bindings")
  const bindings: Array<ObjectBinding> = []
  for (const [path, table] of tables.slice(0, 50)) {
    const binding = readBinding(report, names, path, table)
    if (binding === undefined) continue
    // The host imports each class by its name, once for each binding.
    if (bindings.some(({ className }) => className === binding.className))
      report.refuse(
        [...path, "class_name"],
        `Two bindings have the class ${quoted(binding.className)}`,
        "Use one binding for it."
      )
    bindings.push(binding)
    if (!classes.has(binding.className))
      report.refuse(
        [...path, "class_name"],
        `No migration makes the class ${quoted(binding.className)}`,
        `Add "migrations": [{ "tag": "v1", "new_sqlite_classes": [${quoted(binding.className)}] }]`
      )
  }
  // The program reaches a class without a binding by `ctx.exports`. A host keeps only the classes that have one.
  for (const className of [...classes.keys()].slice(0, MAX_CLASSES))
    if (!bindings.some((it) => it.className === className)) bindings.push({ name: names.make(className), className })
  const [fourth] = [...classes.values()].slice(MAX_CLASSES)
  if (fourth !== undefined)
    report.refuse(
      fourth,
      `${classes.size} classes of Durable Objects are too many`,
      `At most ${MAX_CLASSES} are allowed.`
    )
  const requiredExports = [...classes].slice(0, MAX_CLASSES).map(([className, path]) => ({
    className,
    place: {
      ...report.place(path),
      text: `The program does not export the class ${quoted(className)}`,
      hint: `Export it where the program starts: export class ${className.slice(0, 100)} extends DurableObject { … }`
    }
  }))
  return { request: bindings.length + migrations.length === 0 ? null : { bindings, migrations }, requiredExports }
}
