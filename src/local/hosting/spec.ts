import type { EncodedVersion } from "./encoding.ts"

/** The static files of a site, in the runtime's own words. */
export interface SiteAssets {
  readonly binding: string
  /** The absolute path of the folder that holds the files. */
  readonly directory: string
  readonly html_handling?: "auto-trailing-slash" | "force-trailing-slash" | "drop-trailing-slash" | "none"
  readonly not_found_handling?: "single-page-application" | "404-page" | "none"
  readonly run_worker_first?: boolean | ReadonlyArray<string>
}

/** A class of Durable Objects, and the key of its storage. The key stays when the class gets another name. */
export interface SiteClass {
  readonly className: string
  readonly key: string
}

/** The resources of a version: ids by binding names. */
export interface SiteResources {
  readonly kv: Readonly<Record<string, string>>
  readonly r2: Readonly<Record<string, string>>
  readonly d1: Readonly<Record<string, string>>
  /** The classes with a binding, by binding name. */
  readonly objects: Readonly<Record<string, SiteClass>>
  readonly assets: SiteAssets | null
}

/** A version of a site with all that it needs to run. */
export interface SiteSpec extends EncodedVersion, SiteResources {
  readonly project: string
  /** Every class of the project, also one without a binding. The storage of other classes is deleted. */
  readonly classes: ReadonlyArray<SiteClass>
}

/** The data of a project: what its database queries and its deletion need to know. */
export interface SiteData {
  readonly project: string
  readonly databases: ReadonlyArray<string>
  readonly buckets: ReadonlyArray<string>
}

/** Whether the version needs more than a Worker Loader gives, so that it runs in a process of its own. */
export const needsRuntime = ({ kv, r2, d1, objects, assets }: SiteResources): boolean =>
  assets !== null || [kv, r2, d1, objects].some((bindings) => Object.keys(bindings).length > 0)

/** The resources of a version that has none. */
export const noResources: SiteResources = { kv: {}, r2: {}, d1: {}, objects: {}, assets: null }

/** The result of a database query, as D1's HTTP API gives it. */
export interface QueryResult {
  readonly success: boolean
  readonly results: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly meta: Readonly<Record<string, unknown>>
}
