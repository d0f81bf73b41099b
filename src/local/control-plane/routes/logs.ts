import { randomUUID } from "node:crypto"
import { type Answer, fail, ok } from "../answers.ts"
import type { Context } from "../context.ts"
import { resourcesOf } from "../store/resources.ts"
import { databaseTime, iso, type LogSession, type Project } from "../store/rows.ts"
import type { Store } from "../store/Store.ts"

const HOUR_MS = 3_600_000
const noSession = fail(410, "no_active_session", "Start a 1h log session first.")
const noWorker = fail(409, "no_worker_deployed", "No worker deployed")

const shown = ({ id, project_id, label, status, expires_at }: LogSession): object => ({
  id,
  project_id,
  label,
  status,
  expires_at: iso(expires_at)
})

const findActive = ({ rows }: Store, { id }: Project): LogSession | undefined =>
  rows.logSessions.find(({ project_id, status }) => project_id === id && status === "active")

const findCurrent = (store: Store, project: Project): LogSession | undefined => {
  const session = findActive(store, project)
  return session !== undefined && session.expires_at > databaseTime() ? session : undefined
}

/** `POST projects/:id/logs/session`: makes a session of one hour, or prolongs the one that is there. */
export const startSession = async (request: Request, { store }: Context, project: Project): Promise<Answer> => {
  if (resourcesOf(store, project.id, "worker").length === 0) return noWorker
  const body = (await request.json().catch(() => ({}))) as { readonly label?: unknown }
  const label = typeof body.label === "string" && body.label.trim() !== "" ? body.label.trim() : null
  const expires_at = databaseTime(HOUR_MS)
  let session = findActive(store, project)
  if (session === undefined) {
    session = { id: `logses_${randomUUID()}`, project_id: project.id, label, status: "active", expires_at }
    store.rows.logSessions.push(session)
  } else {
    session.expires_at = expires_at
    session.label = label ?? session.label
  }
  store.save()
  const stream = { url: `/v1/projects/${project.id}/logs/stream`, type: "sse" }
  return ok({ success: true, session: shown(session), stream })
}

/** `GET projects/:id/logs/session`. */
export const getSession = ({ store }: Context, project: Project): Answer => {
  const session = findCurrent(store, project)
  return session === undefined ? noSession : ok({ success: true, session: shown(session) })
}

/** `DELETE projects/:id/logs/session`. */
export const endSession = ({ store }: Context, project: Project): Answer => {
  const session = findActive(store, project)
  if (session === undefined) return fail(410, "no_active_session", "No active session")
  session.status = "revoked"
  session.expires_at = databaseTime()
  store.save()
  return ok({ success: true })
}

/** `GET projects/:id/logs/stream`: server-sent events, as they happen. */
export const streamLogs = ({ store, streams }: Context, project: Project): Answer => {
  const session = findCurrent(store, project)
  if (session === undefined) return noSession
  if (resourcesOf(store, project.id, "worker").length === 0) return noWorker
  const banner = { session_id: session.id, project_id: project.id, expires_at: iso(session.expires_at) }
  return ok(streams.open(project.id, banner))
}
