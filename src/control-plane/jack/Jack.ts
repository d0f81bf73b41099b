import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { Settings } from "../../config.ts"
import type { Account, ControlPlane, ControlPlaneError, Project } from "../ControlPlane.ts"
import { ControlPlaneClient } from "../ControlPlaneClient.ts"
import { CodeRejected, ControlPlaneRefused, SlugTaken } from "../errors.ts"
import type { Upload } from "../Upload.ts"
import { withholdIn } from "../withhold.ts"
import { makeDatabases } from "./databases.ts"
import { makeList } from "./list.ts"
import { makeLogs } from "./logs.ts"
import { makeJackHttp, projectPath, redact, type Rejection, toControlPlaneError, withTimeout } from "./JackHttp.ts"
import { uploadForm } from "./upload-form.ts"
import { makeServes } from "./serves.ts"
import { decode, toAccount, toProject } from "./wire.ts"

/** The time limit of a read with its retries. A read is one row of a database. */
const READ_TIMEOUT = "10 seconds"

/**
 * The time limit of a write with its retries. A create provisions a Worker and its route, and a delete removes them; both take
 * seconds.
 */
const WRITE_TIMEOUT = "15 seconds"

/** An upload carries up to some megabytes and waits for Cloudflare to validate and start the code. */
const UPLOAD_TIMEOUT = "30 seconds"

/** The account is cached for this long, in milliseconds, so that a burst of orders asks once. */
const ACCOUNT_KEEP_MILLIS = 5_000

/** How often to poll after an upload that Jack answers before the code is live. */
const POLL_EVERY = "1 second"
const POLL_TIMEOUT = "30 seconds"

/**
 * Cloudflare's error codes for uploads with faulty code (Workers documentation, "Errors on Worker upload"): the code does
 * not parse, fails validation or start-up, is too large, or has no handlers or unknown ones; or its classes or migrations of
 * Durable Objects do not fit those of the upload before it. An upload with assets fails in other words.
 */
const CODE_AT_FAULT =
  // bounded: MESSAGE_MAX_LENGTH characters
  /(?:Cloudflare API error|Failed to upload dispatch script with assets):.*\[(?:10006|10021|10027|10061|10064|10068|10069|1007[0-4])\]/

/**
 * Reads the failure of a create. Jack answers a taken slug with a 500 whose message says so, or with a 409 when two creates
 * race.
 */
const createFailure = (slug: string) => (rejection: Rejection) =>
  rejection.status === 409 || /already have a project with slug/i.test(redact(rejection.message))
    ? new SlugTaken({ slug })
    : toControlPlaneError(rejection)

const uploadFailure = (rejection: Rejection, { secrets = {} }: Upload) =>
  rejection.code === "invalid_manifest" || CODE_AT_FAULT.test(redact(rejection.message))
    ? new CodeRejected({ message: redact(withholdIn(rejection.message, secrets)) })
    : toControlPlaneError(rejection, secrets)

/** Turns a 404 into `none`. */
const noneIf404 = <A>(self: Effect.Effect<A, ControlPlaneError>) =>
  Effect.catchTag(Effect.asSome(self), "ControlPlaneRefused", (error) =>
    error.status === 404 ? Effect.succeedNone : Effect.fail(error)
  )

/** Jack deletes only empty buckets, so a bucket with files outlives its project. `RESOURCES` omits `r2` by default for that. */
const CAPABILITIES = ["kv", "d1", "r2", "durable_objects", "assets", "secrets", "modules"] as const

/** Implements Jack's HTTP contract with the settings `CONTROL_PLANE_URL` and `CONTROL_PLANE_TOKEN`. */
const makeJack: Effect.Effect<ControlPlane, never, Settings | HttpClient.HttpClient> = Effect.gen(function* () {
  const http = yield* makeJackHttp
  const { request, requestIdempotent } = http

  const readProject = (path: string): Effect.Effect<Option.Option<Project>, ControlPlaneError> =>
    Effect.gen(function* () {
      const answer = yield* requestIdempotent(HttpClientRequest.get(path), decode.project).pipe(noneIf404)
      const now = yield* Clock.currentTimeMillis
      return Option.map(answer, (found) => toProject(found, now))
    }).pipe(withTimeout(READ_TIMEOUT, `GET ${path}`))

  // Requests share only the value, because a pending call belongs to the request that began it.
  let known: { readonly account: Account; readonly until: number } | undefined

  const account = Effect.fn("ControlPlaneClient.account")(function* () {
    if (known !== undefined && (yield* Clock.currentTimeMillis) < known.until) return known.account
    const me = yield* requestIdempotent(HttpClientRequest.get("/v1/me"), decode.me).pipe(
      withTimeout(READ_TIMEOUT, "GET /v1/me")
    )
    known = { account: toAccount(me), until: (yield* Clock.currentTimeMillis) + ACCOUNT_KEEP_MILLIS }
    return known.account
  })

  const create = Effect.fn("ControlPlaneClient.create")(function* (input: {
    readonly name: string
    readonly slug: string
  }) {
    const answer = yield* HttpClientRequest.post("/v1/projects").pipe(
      HttpClientRequest.bodyJsonUnsafe({ name: input.name, slug: input.slug }),
      (outgoing) => request(outgoing, decode.project),
      Effect.catchTag("Rejection", (rejection) => Effect.fail(createFailure(input.slug)(rejection))),
      withTimeout(WRITE_TIMEOUT, "POST /v1/projects")
    )
    return toProject(answer, yield* Clock.currentTimeMillis)
  })

  const findBySlug = Effect.fn("ControlPlaneClient.findBySlug")((slug: string) =>
    readProject(`/v1/projects/by-slug/${encodeURIComponent(slug)}`)
  )

  const get = Effect.fn("ControlPlaneClient.get")((projectId: string) => readProject(projectPath(projectId)))

  const tag = Effect.fn("ControlPlaneClient.tag")(function* (projectId: string, tags: ReadonlyArray<string>) {
    const path = `${projectPath(projectId)}/tags`
    const outgoing = HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.put(path), { tags })
    yield* requestIdempotent(outgoing, decode.done).pipe(withTimeout(WRITE_TIMEOUT, `PUT ${path}`))
  })

  /**
   * Polls until this deployment is live. It compares ids, because the previous deployment may still be live. It continues
   * through an outage, and through a 401: Jack has just accepted the token for the upload, so a 401 means an outage of its
   * database.
   */
  const waitUntilLive = (projectId: string, deploymentId: string) => {
    const path = `${projectPath(projectId)}/deployments/latest`
    return requestIdempotent(HttpClientRequest.get(path), decode.latest).pipe(
      noneIf404,
      Effect.catchIf(
        (error) => error._tag === "ControlPlaneUnavailable" || error.status === 401,
        () => Effect.succeedNone
      ),
      Effect.repeat({
        until: (latest) => Option.exists(latest, ({ deployment }) => deployment.id === deploymentId),
        schedule: Schedule.spaced(POLL_EVERY)
      }),
      withTimeout(POLL_TIMEOUT, "building")
    )
  }

  const upload = Effect.fn("ControlPlaneClient.upload")(function* (projectId: string, upload: Upload) {
    const path = `${projectPath(projectId)}/deployments/upload`
    const builtAt = DateTime.formatIso(yield* DateTime.now)
    const form = yield* Effect.promise(() => uploadForm(upload, builtAt))
    const row = yield* HttpClientRequest.post(path).pipe(
      HttpClientRequest.bodyFormData(form),
      (outgoing) => request(outgoing, decode.deployment),
      Effect.catchTag("Rejection", (rejection) => Effect.fail(uploadFailure(rejection, upload))),
      withTimeout(UPLOAD_TIMEOUT, `POST ${path}`)
    )
    if (row.status === "live") return
    if (row.status !== "queued" && row.status !== "building") {
      return yield* new ControlPlaneRefused({ status: 201, message: redact(`the deployment is ${row.status}`) })
    }
    yield* waitUntilLive(projectId, row.id)
  })

  const remove = Effect.fn("ControlPlaneClient.remove")(function* (projectId: string) {
    const path = projectPath(projectId)
    const answer = yield* requestIdempotent(HttpClientRequest.delete(path), decode.done).pipe(
      noneIf404,
      withTimeout(WRITE_TIMEOUT, `DELETE ${path}`)
    )
    const warnings = Option.getOrUndefined(answer)?.warnings ?? []
    if (!Array.isArray(warnings) || warnings.length > 0) {
      yield* Effect.logWarning("a project was deleted only in part").pipe(
        Effect.annotateLogs({ projectId, warnings: redact(JSON.stringify(warnings)) })
      )
    }
  })

  return {
    capabilities: CAPABILITIES,
    account,
    create,
    findBySlug,
    get,
    list: makeList(http),
    tag,
    upload,
    remove,
    ...makeDatabases(http),
    ...makeLogs(http),
    serves: yield* makeServes
  }
})

/** Jack's control plane, or any other that speaks its HTTP contract. */
export const layerJack = Layer.effect(ControlPlaneClient, makeJack)
