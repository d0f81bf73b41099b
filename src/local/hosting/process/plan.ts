/** The input of the hosting process. It comes in a file because it holds a secret. */
export interface HostingPlan {
  /** The port of the sites. */
  readonly port: number
  /** The first path segment of calls that only the stack's own processes make. */
  readonly secret: string
  /** The URL where the versions of sites are read; empty for no sites. */
  readonly sitesUrl: string
  /** The folder of the sites' data. */
  readonly dir: string
  /** A site's own process ends after this long without a request. */
  readonly idleMs: number
}

/** This file in the process's folder has the number of runtimes that its watchdogs have replaced. */
export const RESTARTS_FILE = "restarts"
