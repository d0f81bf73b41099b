/** An answer of the control plane. A string body is sent as text, a stream as server-sent events. */
export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** A JSON answer. */
export const ok = (body: unknown, status = 200): Answer => ({ status, body })

/** An error in Jack's form. */
export const fail = (status: number, error: string, message: string): Answer => ({ status, body: { error, message } })

/** The answer for a project that is not there. */
export const notFound = fail(404, "not_found", "Project not found")

/** A request that is refused. */
export const invalid = (message: string): Answer => fail(400, "invalid_request", message)

/** The message of a thrown value. */
export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
