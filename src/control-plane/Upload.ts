/** The means that a host may give to a program. A host says in `capabilities` which of these it can give. */
export type Capability = "kv" | "d1" | "r2" | "durable_objects" | "assets" | "secrets" | "modules"

/** A module beside the code, which imports it by `./` and its name. Jack takes WebAssembly, and skips texts and bytes. */
export interface UploadModule {
  /** A path: `src/add.wasm`. */
  readonly name: string
  readonly kind: "wasm" | "text" | "data"
  readonly base64: string
}

/** A step in the life of the classes of Durable Objects. Every class stores its data in SQLite. */
export interface ObjectMigration {
  readonly tag: string
  readonly newSqliteClasses: ReadonlyArray<string>
  readonly deletedClasses: ReadonlyArray<string>
  readonly renamedClasses: ReadonlyArray<{ readonly from: string; readonly to: string }>
}

/** The resources that a program needs, by the names of their bindings. */
export interface Resources {
  /** KV namespaces. The upload creates those that the project does not have, and keeps the others with their data. */
  readonly kv: ReadonlyArray<string>
  /** Buckets, likewise. */
  readonly r2: ReadonlyArray<string>
  /** The binding of the project's database, which has to exist before the upload. */
  readonly database: string | null
  readonly durableObjects: {
    readonly bindings: ReadonlyArray<{ readonly name: string; readonly className: string }>
    /** All migrations so far, the newest last. The host applies those that follow the last one that it has applied. */
    readonly migrations: ReadonlyArray<ObjectMigration>
  } | null
}

/** Static files that the host serves beside the program. Absent settings have wrangler's defaults. */
export interface Assets {
  /** The binding that answers from the files; null for a program that does not ask for them. */
  readonly binding: string | null
  /** Contents in base64 by path, without a slash at its beginning: `img/logo.png`. */
  readonly files: Readonly<Record<string, string>>
  readonly htmlHandling?: string
  readonly notFoundHandling?: string
  /** Whether the program, or for which paths it, answers before the files. */
  readonly runWorkerFirst?: boolean | ReadonlyArray<string>
}

/** An ES module to be served, and what it needs. Absent fields mean that it needs nothing. */
export interface Upload {
  /** The module's file name in the bundle, for example `index.js`: js or mjs, without a path. */
  readonly main: string
  /** The module's source. */
  readonly code: string
  readonly compatibilityFlags: ReadonlyArray<string>
  /** `COMPATIBILITY_DATE` if it is absent. */
  readonly compatibilityDate?: string
  /** A note that the control plane stores with the deployment. */
  readonly message?: string
  readonly modules?: ReadonlyArray<UploadModule>
  /** Texts in `env`. */
  readonly vars?: Readonly<Record<string, string>>
  readonly resources?: Resources
  readonly assets?: Assets | null
  /**
   * Secrets in `env`. The host sets them after the code is live, so a failure may leave the new code without them. An upload
   * drops the secrets of earlier ones. No error of the upload may contain one; `withholdIn` finds them.
   */
  readonly secrets?: Readonly<Record<string, string>>
}
