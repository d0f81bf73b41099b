import type { convertV4MiniflareOptions } from "miniflare"

/** A Worker as Miniflare takes it. */
export type WorkerOptions = Extract<
  Parameters<typeof convertV4MiniflareOptions>[0],
  { readonly workers: unknown }
>["workers"][number]

/** A runtime process runs this, read from a file because it holds secrets. */
export interface Plan {
  /** The one port of 127.0.0.1 that it listens on, for the first of the Workers. */
  readonly port: number
  /** Where Workers keep what they store; what is stored ends with the process when there is none. */
  readonly state?: string
  readonly workers: ReadonlyArray<LocalWorker>
  /** The Worker of a project, which is built first; others reach it by a service binding to its name. */
  readonly project?: Project
}

/** One of our own Workers. */
export interface LocalWorker {
  readonly name: string
  /** An absolute path to its source. */
  readonly source: string
  /** Its bindings, in Miniflare's words; JSON values under `bindings`. */
  readonly options: Readonly<Record<string, unknown>>
}

/** A Worker by its `wrangler` configuration. */
export interface Project {
  readonly name: string
  /** A configuration whose paths are absolute. */
  readonly config: string
  /** Where it is built to. */
  readonly out: string
  /** The folder whose changes build it again. */
  readonly watch: string
  /** Variables beside those of the configuration, which they override. */
  readonly variables: Readonly<Record<string, string>>
  /** Service bindings beside those of the configuration. */
  readonly services: Readonly<Record<string, { readonly name: string; readonly entrypoint?: string }>>
}
