import type { convertV4MiniflareOptions } from "miniflare"

/** A Worker in Miniflare's form. */
export type WorkerOptions = Extract<
  Parameters<typeof convertV4MiniflareOptions>[0],
  { readonly workers: unknown }
>["workers"][number]

/** For tests: how a runtime process runs V8. */
export interface V8Options {
  readonly flags: string
  readonly inspectorPort: number
}

/** The input of a runtime process. It comes in a file because it holds secrets. */
export interface Plan {
  /** The one port of 127.0.0.1 that the process listens on, for the first of the Workers. */
  readonly port: number
  /** The folder of the Workers' storage. Without it the storage ends with the process. */
  readonly state?: string
  /** For tests: flags for V8, and the port of its inspector. */
  readonly v8?: V8Options
  readonly workers: ReadonlyArray<LocalWorker>
  /** The Worker of a project. It is built first; other Workers reach it by a service binding to its name. */
  readonly project?: Project
}

/** One of the stack's own Workers. */
export interface LocalWorker {
  readonly name: string
  /** The absolute path of its source. */
  readonly source: string
  /** Its bindings in Miniflare's form, with JSON values under `bindings`. */
  readonly options: Readonly<Record<string, unknown>>
}

/** A Worker by its `wrangler` configuration. */
export interface Project {
  readonly name: string
  /** A configuration whose paths are absolute. */
  readonly config: string
  /** The folder of the built Worker. */
  readonly out: string
  /** Changes in this folder build the Worker again. */
  readonly watch: string
  /** Variables beside those of the configuration, which they override. */
  readonly variables: Readonly<Record<string, string>>
  /** The Worker through which the project's own requests go. */
  readonly outbound: string
  /** Service bindings beside those of the configuration. */
  readonly services: Readonly<Record<string, { readonly name: string; readonly entrypoint?: string }>>
}
