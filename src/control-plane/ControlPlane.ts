import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { CodeRejected, ControlPlaneRefused, ControlPlaneUnavailable, QueryRejected, SlugTaken } from "./errors.ts"
import type { Capability, Upload } from "./Upload.ts"

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

/** The database of a project. */
export interface Database {
  readonly id: string
  /** The binding that it was created for. */
  readonly binding: string
}

/** A row of an answer, by the names of its columns. */
export type DatabaseRow = Readonly<Record<string, unknown>>

/** The account of all deployments: whether its sites can be reached, and the reason if not. */
export type Account = { readonly usable: true } | { readonly usable: false; readonly reason: string }

/** The errors of every call. */
export type ControlPlaneError = ControlPlaneRefused | ControlPlaneUnavailable

/** The operations of a control plane. Every call is bounded in time. Calls that are retried are safe to repeat. */
export interface ControlPlane {
  /**
   * The means that this host can give to a program. The gateway refuses a program that needs anything else before its payment. It calls
   * the methods for databases only if `d1` is among these.
   */
  readonly capabilities: ReadonlyArray<Capability>
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
  /**
   * Reads every project of the account, including failed ones and those of other programs, in any order. There may be 100,000, so
   * the stream holds a few at a time. It fails if the list breaks off. A project that is created or deleted meanwhile may be in it.
   */
  list(): Stream.Stream<Project, ControlPlaneError>
  /** Replaces all tags: at most 20 of at most 50 characters, of `a-z`, `0-9`, `:` and `-`, alphanumeric at both ends. */
  tag(projectId: string, tags: ReadonlyArray<string>): Effect.Effect<void, ControlPlaneError>
  /** Serves this code from now on, and returns once it is live and has its secrets. This call is never retried, but is safe to repeat. */
  upload(projectId: string, upload: Upload): Effect.Effect<void, CodeRejected | ControlPlaneError>
  /**
   * Returns the project's database. A project has one database: the one for this binding or, if the program has renamed its
   * binding, the oldest one, which the upload then binds by the new name.
   */
  findDatabase(projectId: string, binding: string): Effect.Effect<Option.Option<Database>, ControlPlaneError>
  /**
   * Creates a database. A second call creates a second one, so call `findDatabase` first, and again after
   * `ControlPlaneUnavailable`. This call is never retried.
   */
  createDatabase(projectId: string, binding: string): Effect.Effect<Database, ControlPlaneError>
  /** Returns the rows of one statement that only reads. */
  query(
    projectId: string,
    binding: string,
    sql: string
  ): Effect.Effect<ReadonlyArray<DatabaseRow>, QueryRejected | ControlPlaneError>
  /**
   * Runs statements, separated by semicolons, in one transaction: none of them takes effect if it fails with `QueryRejected`,
   * all or none after `ControlPlaneUnavailable`. This call is never retried.
   */
  execute(projectId: string, binding: string, sql: string): Effect.Effect<void, QueryRejected | ControlPlaneError>
  /**
   * Opens the log of a project that was uploaded to: server-sent events from now on, as UTF-8 bytes, until the reader cancels the
   * stream or the host ends it. Earlier events are not in it. The data of an event is JSON:
   * `{type: "event", ts, outcome, request: {method, url} | null, logs: [{ts, level, message: […]}], exceptions: [{ts, name, message}]}`;
   * a reader ignores other types.
   */
  logs(projectId: string): Effect.Effect<ReadableStream<Uint8Array>, ControlPlaneError>
  /**
   * Asks a site once, and answers whether its code answers, whatever that is; false if the host itself answers that there is no such
   * site, or no code yet. Never call it before the project was created, because a host may remember for a while that a site is unknown.
   */
  serves(url: string): Effect.Effect<boolean, ControlPlaneUnavailable>
  /** Deletes the project, its site and its data. Succeeds if the project does not exist. */
  remove(projectId: string): Effect.Effect<void, ControlPlaneError>
}
