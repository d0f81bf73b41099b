import type { SiteHost } from "../hosting/host.ts"
import type { LogStreams } from "./logs/streams.ts"
import type { Store } from "./store/Store.ts"

/** The services of the routes. */
export interface Context {
  readonly store: Store
  /** The URL of a project, by its slug. */
  readonly siteUrl: (slug: string) => string
  readonly host: SiteHost
  readonly streams: LogStreams
  /** For tests: the message of the next failure of a step, once. */
  readonly takeFailure: (step: "create" | "secrets") => string | undefined
}
