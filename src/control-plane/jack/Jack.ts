import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { Settings } from "../../config.ts"
import type { Account, ControlPlane, ControlPlaneError, Project, Upload } from "../ControlPlane.ts"
import { ControlPlaneClient } from "../ControlPlaneClient.ts"
import { CodeRejected, ControlPlaneRefused, SlugTaken } from "../errors.ts"
import { makeJackHttp, meaning, type Rejection, speakable, within } from "./JackHttp.ts"
import { uploadForm } from "./upload-form.ts"
import { decode, toAccount, toProject, toProjects } from "./wire.ts"

/** A read is one row of a database; one that takes longer is not coming. Bounds the call with its repetitions. */
const READ_TIMEOUT = "10 seconds"

/** A create provisions a Worker and its route, a delete takes them down: seconds. Bounds the call with its repetitions. */
const WRITE_TIMEOUT = "15 seconds"

/** An upload carries up to some megabytes and waits for Cloudflare to validate and start the code. */
const UPLOAD_TIMEOUT = "30 seconds"

/** How long an account that was read is remembered, in milliseconds: a burst of orders shall ask once. */
const ACCOUNT_KEEP_MILLIS = 5_000

/** For uploads that are answered before the code is live: how often to look, and for how long. */
const POLL_EVERY = "1 second"
const POLL_TIMEOUT = "30 seconds"

/**
 * Cloudflare's codes for an upload that is refused for the code in it (Workers documentation, "Errors on Worker upload"):
 * it does not parse, fails validation or start-up, is too large, has no handlers or some that do not exist.
 */
// bounded: MESSAGE_MAX_LENGTH characters
const CODE_AT_FAULT = /Cloudflare API error:.*\[(10006|10021|10027|10068|10069)\]/

const projectPath = (projectId: string) => `/v1/projects/${encodeURIComponent(projectId)}`

/** A collision is a 500 that says so in words, or a 409 when two creates race. */
const createFailure = (slug: string) => (rejection: Rejection) =>
  rejection.status === 409 || /already have a project with slug/i.test(rejection.message)
    ? new SlugTaken({ slug })
    : meaning(rejection)

const uploadFailure = (rejection: Rejection) =>
  rejection.code === "invalid_manifest" || CODE_AT_FAULT.test(rejection.message)
    ? new CodeRejected({ message: rejection.message })
    : meaning(rejection)

/** Not there is an answer, not a failure. */
const noneIf404 = <A>(self: Effect.Effect<A, ControlPlaneError>) =>
  Effect.catchTag(Effect.asSome(self), "ControlPlaneRefused", (error) =>
    error.status === 404 ? Effect.succeedNone : Effect.fail(error)
  )

/** Speaks Jack's HTTP contract: `CONTROL_PLANE_URL` says where, `CONTROL_PLANE_TOKEN` on whose behalf. */
const makeJack: Effect.Effect<ControlPlane, never, Settings | HttpClient.HttpClient> = Effect.gen(function* () {
  const { ask, askAgain } = yield* makeJackHttp

  const read = (path: string): Effect.Effect<Option.Option<Project>, ControlPlaneError> =>
    Effect.gen(function* () {
      const answer = yield* askAgain(HttpClientRequest.get(path), decode.project).pipe(noneIf404)
      const now = yield* Clock.currentTimeMillis
      return Option.map(answer, (found) => toProject(found, now))
    }).pipe(within(READ_TIMEOUT, `GET ${path}`))

  // Only the value is shared between requests: a call belongs to the request that began it.
  let known: { readonly account: Account; readonly until: number } | undefined

  const account = Effect.fn("ControlPlaneClient.account")(function* () {
    if (known !== undefined && (yield* Clock.currentTimeMillis) < known.until) return known.account
    const me = yield* askAgain(HttpClientRequest.get("/v1/me"), decode.me).pipe(within(READ_TIMEOUT, "GET /v1/me"))
    known = { account: toAccount(me), until: (yield* Clock.currentTimeMillis) + ACCOUNT_KEEP_MILLIS }
    return known.account
  })

  const create = Effect.fn("ControlPlaneClient.create")(function* (input: {
    readonly name: string
    readonly slug: string
  }) {
    const answer = yield* HttpClientRequest.post("/v1/projects").pipe(
      HttpClientRequest.bodyJsonUnsafe({ name: input.name, slug: input.slug }),
      (request) => ask(request, decode.project),
      Effect.catchTag("Rejection", (rejection) => Effect.fail(createFailure(input.slug)(rejection))),
      within(WRITE_TIMEOUT, "POST /v1/projects")
    )
    return toProject(answer, yield* Clock.currentTimeMillis)
  })

  const findBySlug = Effect.fn("ControlPlaneClient.findBySlug")((slug: string) =>
    read(`/v1/projects/by-slug/${encodeURIComponent(slug)}`)
  )

  const get = Effect.fn("ControlPlaneClient.get")((projectId: string) => read(projectPath(projectId)))

  const list = Effect.fn("ControlPlaneClient.list")(function* () {
    const answer = yield* askAgain(HttpClientRequest.get("/v1/projects"), decode.projects).pipe(
      within(READ_TIMEOUT, "GET /v1/projects")
    )
    return toProjects(answer, yield* Clock.currentTimeMillis)
  })

  const tag = Effect.fn("ControlPlaneClient.tag")(function* (projectId: string, tags: ReadonlyArray<string>) {
    const path = `${projectPath(projectId)}/tags`
    const request = HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.put(path), { tags })
    yield* askAgain(request, decode.done).pipe(within(WRITE_TIMEOUT, `PUT ${path}`))
  })

  /**
   * The one that is live may be the one before ours: only its id tells. An outage meanwhile is waited out, in whichever way it
   * is told: a 401 is one of Jack's own database, for the upload has just been let in.
   */
  const untilLive = (projectId: string, deploymentId: string) => {
    const path = `${projectPath(projectId)}/deployments/latest`
    return askAgain(HttpClientRequest.get(path), decode.latest).pipe(
      noneIf404,
      Effect.catchIf(
        (error) => error._tag === "ControlPlaneUnavailable" || error.status === 401,
        () => Effect.succeedNone
      ),
      Effect.repeat({
        until: (latest) => Option.exists(latest, ({ deployment }) => deployment.id === deploymentId),
        schedule: Schedule.spaced(POLL_EVERY)
      }),
      within(POLL_TIMEOUT, "building")
    )
  }

  const upload = Effect.fn("ControlPlaneClient.upload")(function* (projectId: string, upload: Upload) {
    const path = `${projectPath(projectId)}/deployments/upload`
    const builtAt = DateTime.formatIso(yield* DateTime.now)
    const form = yield* Effect.promise(() => uploadForm(upload, builtAt))
    const row = yield* HttpClientRequest.post(path).pipe(
      HttpClientRequest.bodyFormData(form),
      (request) => ask(request, decode.deployment),
      Effect.catchTag("Rejection", (rejection) => Effect.fail(uploadFailure(rejection))),
      within(UPLOAD_TIMEOUT, `POST ${path}`)
    )
    if (row.status === "live") return
    if (row.status !== "queued" && row.status !== "building") {
      return yield* new ControlPlaneRefused({ status: 201, message: speakable(`the deployment is ${row.status}`) })
    }
    yield* untilLive(projectId, row.id)
  })

  const remove = Effect.fn("ControlPlaneClient.remove")(function* (projectId: string) {
    const path = projectPath(projectId)
    const answer = yield* askAgain(HttpClientRequest.delete(path), decode.done).pipe(
      noneIf404,
      within(WRITE_TIMEOUT, `DELETE ${path}`)
    )
    const warnings = Option.getOrUndefined(answer)?.warnings ?? []
    if (!Array.isArray(warnings) || warnings.length > 0) {
      yield* Effect.logWarning("a project was deleted only in part").pipe(
        Effect.annotateLogs({ projectId, warnings: speakable(JSON.stringify(warnings)) })
      )
    }
  })

  return { account, create, findBySlug, get, list, tag, upload, remove }
})

/** Jack's control plane, or any other that speaks its HTTP contract. */
export const layerJack = Layer.effect(ControlPlaneClient, makeJack)
