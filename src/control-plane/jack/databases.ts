import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import type { ControlPlane, ControlPlaneError, Database } from "../ControlPlane.ts"
import { QueryRejected } from "../errors.ts"
import { type JackHttp, projectPath, redact, type Rejection, toControlPlaneError, withTimeout } from "./JackHttp.ts"
import { decode, toDatabases } from "./wire.ts"

const READ_TIMEOUT = "10 seconds"

/** The time limit of a create and of statements. D1 itself ends a query after 30 seconds. */
const WRITE_TIMEOUT = "30 seconds"

/**
 * SQLite's result codes (https://sqlite.org/rescode.html) for a fault of the statements or of the data, D1's refusals of
 * transactions within its own, and its limits of one query. Any other failure of a query is an outage.
 */
const SQL_AT_FAULT =
  /SQLITE_(ERROR|CONSTRAINT|MISMATCH|AUTH|RANGE|TOOBIG|SCHEMA|READONLY|MISUSE)|BEGIN TRANSACTION|SAVEPOINT|exceeded its (CPU time|memory) limit|Exceeded maximum DB size/

const queryFailure = (rejection: Rejection): QueryRejected | ControlPlaneError => {
  const message = redact(rejection.message)
  // The code is at the end of the words, which may be longer than the message.
  const isAtFault = rejection.code === "query_failed" && SQL_AT_FAULT.test(rejection.message)
  return rejection.code === "read_only_violation" || isAtFault
    ? new QueryRejected({ message: message.replace(/^D1 error: (D1_ERROR: )?/, "") })
    : toControlPlaneError(rejection)
}

/** Makes the calls for databases. Jack runs statements on a project's oldest database, whatever binding they name. */
export const makeDatabases = ({
  request,
  requestIdempotent
}: JackHttp): Pick<ControlPlane, "findDatabase" | "createDatabase" | "query" | "execute"> => {
  const findDatabase = Effect.fn("ControlPlaneClient.findDatabase")(function* (projectId: string, binding: string) {
    const path = `${projectPath(projectId)}/resources`
    const found = yield* requestIdempotent(HttpClientRequest.get(path), decode.resources).pipe(
      withTimeout(READ_TIMEOUT, `GET ${path}`)
    )
    // The list begins with the oldest.
    const databases = toDatabases(found)
    return Option.fromUndefinedOr(databases.find((database) => database.binding === binding) ?? databases[0])
  })

  const createDatabase = Effect.fn("ControlPlaneClient.createDatabase")(function* (projectId: string, binding: string) {
    const path = `${projectPath(projectId)}/resources/d1`
    const { resource } = yield* HttpClientRequest.post(path).pipe(
      HttpClientRequest.bodyJsonUnsafe({ binding_name: binding }),
      (outgoing) => request(outgoing, decode.resource),
      Effect.catchTag("Rejection", (rejection) => Effect.fail(toControlPlaneError(rejection))),
      withTimeout(WRITE_TIMEOUT, `POST ${path}`)
    )
    return { id: resource.id, binding } satisfies Database
  })

  const run = Effect.fnUntraced(function* (projectId: string, call: "query" | "execute", sql: string) {
    const path = `${projectPath(projectId)}/database/${call}`
    return yield* HttpClientRequest.post(path).pipe(
      HttpClientRequest.bodyJsonUnsafe({ sql }),
      (outgoing) => request(outgoing, decode.rows),
      Effect.catchTag("Rejection", (rejection) => Effect.fail(queryFailure(rejection))),
      withTimeout(WRITE_TIMEOUT, `POST ${path}`)
    )
  })

  return {
    findDatabase,
    createDatabase,
    query: Effect.fn("ControlPlaneClient.query")((projectId: string, _binding: string, sql: string) =>
      Effect.map(run(projectId, "query", sql), ({ results }) => results ?? [])
    ),
    execute: Effect.fn("ControlPlaneClient.execute")((projectId: string, _binding: string, sql: string) =>
      Effect.asVoid(run(projectId, "execute", sql))
    )
  }
}
