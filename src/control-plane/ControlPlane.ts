import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { CodeRejected, ControlPlaneRefused, ControlPlaneUnavailable, SlugTaken } from "./errors.ts"

/** The compatibility date of hosted code: at the host, in a start check and on the laptop. */
export const COMPATIBILITY_DATE = "2026-07-01"

/** A project of the control plane: a name, a slug and, after the first upload, a site. */
export interface Project {
  readonly id: string
  /** Free text that only the create sets. The gateway writes the deployment id into it (`projectName` in slug.ts). */
  readonly name: string
  /** Unique among the account's projects of every status. */
  readonly slug: string
  /** A create in progress is `provisioning`. A failed one leaves an `error`, which blocks the slug. */
  readonly status: "active" | "provisioning" | "error" | (string & {})
  /** The site's URL. Known from `create` and `get`; `null` if the answer does not contain it. */
  readonly url: string | null
  readonly tags: ReadonlyArray<string>
  /** Unix milliseconds. */
  readonly createdAt: number
}

/** One ES module to serve. */
export interface Upload {
  /** The module's file name in the bundle, for example `index.js`: js or mjs, without a path. */
  readonly main: string
  /** The module's source. */
  readonly code: string
  readonly compatibilityFlags: ReadonlyArray<string>
  /** A note that the control plane stores with the deployment. */
  readonly message?: string
}

/** The account of all deployments: whether its sites can be reached, and the reason if not. */
export type Account = { readonly usable: true } | { readonly usable: false; readonly reason: string }

/** The errors of every call. */
export type ControlPlaneError = ControlPlaneRefused | ControlPlaneUnavailable

/** The operations of a control plane. Every call is bounded in time. Calls that are retried are safe to repeat. */
export interface ControlPlane {
  /**
   * Answers whether the host could deliver a site now: it answers, accepts the gateway's token, and the account's sites can be
   * reached. The gateway makes this cheap read before a payment, and may cache it for some seconds.
   */
  account(): Effect.Effect<Account, ControlPlaneError>
  /** Creates an empty project, which serves nothing before the first upload. This call is never retried. */
  create(input: { readonly name: string; readonly slug: string }): Effect.Effect<Project, SlugTaken | ControlPlaneError>
  /** Returns the account's project with this slug, in any status. */
  findBySlug(slug: string): Effect.Effect<Option.Option<Project>, ControlPlaneError>
  get(projectId: string): Effect.Effect<Option.Option<Project>, ControlPlaneError>
  /** Returns every project of the account, including failed ones and those of other programs. */
  list(): Effect.Effect<ReadonlyArray<Project>, ControlPlaneError>
  /** Replaces all tags: at most 20 of at most 50 characters, of `a-z`, `0-9`, `:` and `-`, alphanumeric at both ends. */
  tag(projectId: string, tags: ReadonlyArray<string>): Effect.Effect<void, ControlPlaneError>
  /** Serves this code from now on, and returns once it is live. This call is never retried, but is safe to repeat. */
  upload(projectId: string, upload: Upload): Effect.Effect<void, CodeRejected | ControlPlaneError>
  /** Deletes the project and its site. Succeeds if the project does not exist. */
  remove(projectId: string): Effect.Effect<void, ControlPlaneError>
}
