/** A project row of Jack's database. Times are `YYYY-MM-DD HH:MM:SS` in UTC; `tags` is a JSON string. */
export interface Project {
  readonly id: string
  readonly org_id: string
  readonly name: string
  readonly slug: string
  status: "active" | "error"
  readonly owner_username: string
  tags: string
  /** The tag of the last migration of its Durable Objects. */
  do_migration_tag: string | null
  readonly created_at: string
  updated_at: string
}

/** A deployment row. */
export interface Deployment {
  readonly id: string
  readonly project_id: string
  readonly status: "live" | "failed"
  readonly source: "code:v1"
  readonly error_message: string | null
  readonly message: string | null
  readonly created_at: string
  readonly updated_at: string
}

/** A resource row: the Worker, a database, a namespace, a bucket or a binding of Durable Objects. */
export interface Resource {
  readonly id: string
  readonly project_id: string
  readonly resource_type: "worker" | "d1" | "kv" | "r2" | "durable_object"
  readonly binding_name: string | null
  readonly resource_name: string
  readonly provider_id: string
  readonly status: "active"
  readonly metadata: null
  readonly created_at: string
}

/** The script of a project, as Cloudflare keeps it. */
export interface Script {
  /** The deployment whose code serves. It may have failed after its code was live. */
  live: string | null
  /** Counts the changes of the secrets. */
  secretsRevision: number
  /** The classes of Durable Objects, and the keys of their storage. */
  classes: Array<{ className: string; readonly key: string }>
}

/** A log session row. */
export interface LogSession {
  readonly id: string
  readonly project_id: string
  label: string | null
  status: "active" | "revoked"
  expires_at: string
}

/** The current time, or a later one, in the form of SQLite's CURRENT_TIMESTAMP: UTC, without a zone. */
export const databaseTime = (laterMs = 0): string =>
  new Date(Date.now() + laterMs).toISOString().slice(0, 19).replace("T", " ")

/** `2026-03-26T21:00:00Z`, the form of times in lists. */
export const iso = (time: string): string => `${time.replace(" ", "T")}Z`

/** The account that owns all projects. */
export const account = { username: "local", userId: "usr_local", orgId: "org_local" } as const
