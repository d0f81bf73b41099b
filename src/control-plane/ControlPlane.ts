import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { CodeRejected, ControlPlaneRefused, ControlPlaneUnavailable, SlugTaken } from "./errors.ts"

/** The compatibility date of hosted code, the same wherever it runs: at the host, in a start check, on the laptop. */
export const COMPATIBILITY_DATE = "2026-07-01"

/** A project of the control plane: a name, a slug and, after the first upload, a site. */
export interface Project {
  readonly id: string
  /** Free text, set by the create and by nothing else; ours carry the deployment id (`projectName` in slug.ts). */
  readonly name: string
  /** Unique in the account, whatever the status of the project that has it. */
  readonly slug: string
  /** A create in progress is `provisioning`; one that failed leaves its row behind as `error`, which blocks the slug. */
  readonly status: "active" | "provisioning" | "error" | (string & {})
  /** Where the site answers. Known from `create` and `get`; `null` where the answer does not tell. */
  readonly url: string | null
  readonly tags: ReadonlyArray<string>
  /** Unix milliseconds. */
  readonly createdAt: number
}

/** One ES module to be served. */
export interface Upload {
  /** The module's file name in the bundle, for example `index.js`: the host keeps js and mjs, and wants no path. */
  readonly main: string
  /** The module's source. */
  readonly code: string
  readonly compatibilityFlags: ReadonlyArray<string>
  /** A note that the control plane keeps with the deployment. */
  readonly message?: string
}

/** The account that everything is deployed to: whether the sites in it can be reached, and why not. */
export type Account = { readonly usable: true } | { readonly usable: false; readonly reason: string }

/** Either way a call of any kind can fail. */
export type ControlPlaneError = ControlPlaneRefused | ControlPlaneUnavailable

/** A control plane does this for us. Every call is bounded in time; those that repeat themselves are safe to repeat. */
export interface ControlPlane {
  /**
   * Whether a site that is made now could be delivered: the host answers, takes our token, and the account's sites can be
   * reached. One cheap read, which is asked before anybody pays and may be remembered for some seconds.
   */
  account(): Effect.Effect<Account, ControlPlaneError>
  /** Makes an empty project, which serves nothing before the first upload. Never repeated by itself. */
  create(input: { readonly name: string; readonly slug: string }): Effect.Effect<Project, SlugTaken | ControlPlaneError>
  /** The project that has this slug in the account, whatever its status. */
  findBySlug(slug: string): Effect.Effect<Option.Option<Project>, ControlPlaneError>
  get(projectId: string): Effect.Effect<Option.Option<Project>, ControlPlaneError>
  /** Every project of the account, other people's and failed ones included. */
  list(): Effect.Effect<ReadonlyArray<Project>, ControlPlaneError>
  /** Replaces all tags: at most 20 of at most 50 characters, of `a-z`, `0-9`, `:` and `-`, alphanumeric at both ends. */
  tag(projectId: string, tags: ReadonlyArray<string>): Effect.Effect<void, ControlPlaneError>
  /** Serves this code from now on, and returns once it is live. Never repeated by itself; repeating it does no harm. */
  upload(projectId: string, upload: Upload): Effect.Effect<void, CodeRejected | ControlPlaneError>
  /** Deletes the project and its site. One that is gone already is a success. */
  remove(projectId: string): Effect.Effect<void, ControlPlaneError>
}
