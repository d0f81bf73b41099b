/** The settings of assets in a manifest, in Cloudflare's words. */
export interface ManifestAssets {
  readonly binding: string
  readonly directory: string
  readonly html_handling?: "auto-trailing-slash" | "force-trailing-slash" | "drop-trailing-slash" | "none"
  readonly not_found_handling?: "single-page-application" | "404-page" | "none"
  readonly run_worker_first?: boolean | ReadonlyArray<string>
}

/** A migration of Durable Objects. */
export interface ManifestMigration {
  readonly tag: string
  readonly new_sqlite_classes?: ReadonlyArray<string>
  readonly deleted_classes?: ReadonlyArray<string>
  readonly renamed_classes?: ReadonlyArray<{ readonly from: string; readonly to: string }>
}

/** A manifest that has passed `manifestErrors`. */
export interface Manifest {
  readonly version: 1 | 2
  readonly entrypoint: string
  readonly compatibility_date: string
  readonly compatibility_flags?: ReadonlyArray<string>
  readonly migrations?: ReadonlyArray<ManifestMigration>
  readonly bindings?: {
    readonly vars?: Readonly<Record<string, string>>
    readonly kv?: ReadonlyArray<{ readonly binding: string }>
    readonly r2?: ReadonlyArray<{ readonly binding: string; readonly bucket_name: string }>
    readonly d1?: { readonly binding: string }
    readonly durable_objects?: ReadonlyArray<{ readonly binding: string; readonly class_name: string }>
    readonly assets?: ManifestAssets
  }
}

type Errors = ReadonlyArray<string>
type Row = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Row => typeof value === "object" && value !== null
const when = (condition: boolean, error: string): Errors => (condition ? [error] : [])

/** The reasons why Jack refuses a manifest, in its words. */
export const manifestErrors = (manifest: unknown): Errors => {
  if (!isRecord(manifest)) return ["Manifest must be a valid object"]
  const { version, entrypoint, compatibility_date, bindings, migrations } = manifest
  return [
    ...when(version !== 1 && version !== 2, "manifest.version must be 1 or 2"),
    ...when(typeof entrypoint !== "string" || entrypoint === "", "manifest.entrypoint is required"),
    ...when(
      typeof compatibility_date !== "string" || compatibility_date === "",
      "manifest.compatibility_date is required"
    ),
    ...(bindings === undefined
      ? []
      : isRecord(bindings)
        ? bindingErrors(bindings, manifest)
        : ["manifest.bindings must be an object if present"]),
    ...(migrations === undefined ? [] : migrationErrors(migrations))
  ]
}

const KEYS = ["d1", "ai", "r2", "kv", "vectorize", "assets", "vars", "durable_objects"]

const bindingErrors = (bindings: Row, { compatibility_flags: flags }: Row): Errors => {
  const { d1, ai, r2, kv, durable_objects: objects, assets, vars } = bindings
  const one = (name: string, value: unknown): Errors =>
    when(
      value !== undefined && (!isRecord(value) || typeof value["binding"] !== "string"),
      `manifest.bindings.${name}.binding must be a string`
    )
  return [
    ...Object.keys(bindings).flatMap((key) =>
      when(
        !KEYS.includes(key),
        `Unsupported binding type in manifest: ${key}. Managed deploy supports: ${KEYS.join(", ")}`
      )
    ),
    ...one("d1", d1),
    ...one("ai", ai),
    ...list("r2", r2, ["binding", "bucket_name"]),
    ...list("kv", kv, ["binding"]),
    ...list("durable_objects", objects, ["binding", "class_name"]),
    ...(assets === undefined ? [] : assetErrors(assets)),
    ...(vars === undefined ? [] : varErrors(vars)),
    ...when(
      Array.isArray(objects) && objects.length > 0 && !(Array.isArray(flags) && flags.includes("nodejs_compat")),
      "Durable Objects require nodejs_compat in compatibility_flags"
    )
  ]
}

const list = (name: string, value: unknown, fields: ReadonlyArray<string>): Errors => {
  const path = `manifest.bindings.${name}`
  if (value === undefined) return []
  if (!Array.isArray(value)) return [`${path} must be an array`]
  return value.flatMap((entry: unknown, index) => {
    if (!isRecord(entry)) return [`${path}[${index}] must be an object`]
    return fields.flatMap((field) => [
      ...when(typeof entry[field] !== "string", `${path}[${index}].${field} must be a string`),
      ...when(
        name === "durable_objects" && String(entry[field]).startsWith("__JACK_"),
        `${path}[${index}].${field} uses reserved __JACK_ prefix`
      )
    ])
  })
}

const varErrors = (vars: unknown): Errors =>
  isRecord(vars)
    ? Object.entries(vars).flatMap(([name, value]) =>
        when(typeof value !== "string", `manifest.bindings.vars.${name} must be a string`)
      )
    : ["manifest.bindings.vars must be an object"]

const ASSETS = {
  html_handling: ["auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"],
  not_found_handling: ["single-page-application", "404-page", "none"]
}

const assetErrors = (assets: unknown): Errors => {
  const path = "manifest.bindings.assets"
  if (!isRecord(assets)) return [`${path} must be an object`]
  const known = ["binding", "directory", "html_handling", "not_found_handling", "run_worker_first"]
  const first = assets["run_worker_first"]
  const isPatterns = Array.isArray(first) && first.every((pattern) => typeof pattern === "string")
  return [
    ...Object.keys(assets).flatMap((key) =>
      when(
        !known.includes(key),
        `${path}.${key} is not supported in Jack managed deploy. ` +
          `Supported fields: ${known.map((name) => `${path}.${name}`).join(", ")}`
      )
    ),
    ...Object.entries(ASSETS).flatMap(([key, values]) =>
      when(
        assets[key] !== undefined && !values.includes(String(assets[key])),
        `${path}.${key} must be one of: ${values.join(", ")}`
      )
    ),
    ...when(
      first !== undefined && typeof first !== "boolean" && !isPatterns,
      `${path}.run_worker_first must be a boolean or string[]`
    ),
    ...["binding", "directory"].flatMap((key) =>
      when(typeof assets[key] !== "string", `${path}.${key} must be a string`)
    )
  ]
}

const migrationErrors = (migrations: unknown): Errors => {
  if (!Array.isArray(migrations)) return ["manifest.migrations must be an array if present"]
  return migrations.flatMap((migration: unknown, index) =>
    isRecord(migration)
      ? when(typeof migration["tag"] !== "string", `manifest.migrations[${index}].tag must be a string`)
      : [`manifest.migrations[${index}] must be an object`]
  )
}
