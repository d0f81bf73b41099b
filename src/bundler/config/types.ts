import type { Diagnostic } from "../diagnostics.ts"
import type { Place } from "../project/jsonc.ts"

/** A binding of Durable Objects, and the class that the program exports for it. */
export interface ObjectBinding {
  readonly name: string
  readonly className: string
}

/** One step in the life of the classes of Durable Objects. Every class stores its data in SQLite. */
export interface ObjectMigration {
  readonly tag: string
  readonly newSqliteClasses: ReadonlyArray<string>
  readonly deletedClasses: ReadonlyArray<string>
  readonly renamedClasses: ReadonlyArray<{ readonly from: string; readonly to: string }>
}

/** The resources that a program needs from its host, by the names of their bindings. */
export interface ResourceRequest {
  readonly kv: ReadonlyArray<string>
  readonly r2: ReadonlyArray<string>
  readonly database: string | null
  readonly durableObjects: {
    readonly bindings: ReadonlyArray<ObjectBinding>
    readonly migrations: ReadonlyArray<ObjectMigration>
  } | null
}

/** How static files are served; absent settings have wrangler's defaults. */
export interface AssetRouting {
  /** The name in `env` of the binding that answers from the files. */
  readonly binding: string | null
  readonly htmlHandling?: string
  readonly notFoundHandling?: string
  readonly runWorkerFirst?: boolean | ReadonlyArray<string>
}

/** `assets` of a configuration. */
export interface AssetSettings extends AssetRouting {
  /** The folder of the files, relative to the project's root: `"public"`; `""` is the root. */
  readonly directory: string
  /** Where it is written. */
  readonly place: Place & Pick<Diagnostic, "source">
}

/** Files that are imported in another way than their extension says. */
export interface ModuleRule {
  readonly type: "Text" | "Data" | "CompiledWasm"
  readonly globs: ReadonlyArray<string>
}

/** The database's migrations: where they are, and the table that notes which were applied. */
export interface MigrationSettings {
  /** Relative to the project's root: `"migrations"`. */
  readonly directory: string
  /** Which files below the root are migrations: `"migrations/*.sql"`. */
  readonly pattern: string
  readonly table: string
}

/** A class of Durable Objects that the program has to export, and where the configuration says so. */
export interface RequiredExport {
  readonly className: string
  readonly place: Diagnostic
}

/** A project's wrangler configuration, or the defaults of a project without one. */
export interface ProjectConfig {
  /** The program's path, relative to the root, and where it is written. */
  readonly main?: { readonly path: string; readonly place: Place }
  readonly compatibilityDate: string
  /** As they are written; `undefined` where the configuration says nothing. */
  readonly compatibilityFlags?: ReadonlyArray<string>
  readonly define: Readonly<Record<string, string>>
  readonly alias: Readonly<Record<string, string>>
  readonly rules: ReadonlyArray<ModuleRule>
  readonly vars: Readonly<Record<string, string>>
  readonly resources: ResourceRequest
  readonly requiredExports: ReadonlyArray<RequiredExport>
  /** The names of secrets that the configuration calls required. */
  readonly requiredSecrets: ReadonlyArray<string>
  readonly migrations?: MigrationSettings
  readonly assets?: AssetSettings
  readonly warnings: ReadonlyArray<Diagnostic>
}
