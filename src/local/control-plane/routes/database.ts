import { splitStatements, wordsOf } from "../../hosting/site/statements.ts"
import { type Answer, fail, invalid, messageOf, ok } from "../answers.ts"
import type { Context } from "../context.ts"
import { dataOf, resourcesOf } from "../store/resources.ts"
import type { Project } from "../store/rows.ts"

interface Body {
  readonly sql?: unknown
  readonly params?: ReadonlyArray<unknown>
  readonly binding_name?: string
}

const noDatabase = fail(404, "not_found", "No database found for project")
const noSql = invalid("sql is required and must be a string")

/** `POST projects/:id/database/execute`: any SQL, on the oldest database. */
export const execute = async (request: Request, context: Context, project: Project): Promise<Answer> => {
  const database = resourcesOf(context.store, project.id, "d1")[0]
  if (database === undefined) return noDatabase
  const { sql, params } = (await request.json()) as Body
  if (typeof sql !== "string" || sql === "") return noSql
  return run(context, project, database.provider_id, sql, params)
}

/** `POST projects/:id/database/query`: reads only. */
export const query = async (request: Request, context: Context, project: Project): Promise<Answer> => {
  const { sql, params, binding_name } = (await request.json()) as Body
  if (typeof sql !== "string" || sql === "") return noSql
  const database = resourcesOf(context.store, project.id, "d1").find(
    (resource) => !binding_name || resource.binding_name === binding_name
  )
  if (database === undefined) return noDatabase
  const writing = splitStatements(sql)
    .map(writeOf)
    .find((operation) => operation !== undefined)
  if (writing !== undefined)
    return fail(400, "read_only_violation", `${writing} statements are not allowed in read-only queries`)
  return run(context, project, database.provider_id, sql, params)
}

const nothing = {
  success: true,
  results: [],
  meta: { changes: 0, duration_ms: 0, last_row_id: 0, rows_read: 0, rows_written: 0 }
}

const run = async (
  { store, host }: Context,
  project: Project,
  database: string,
  sql: string,
  params?: ReadonlyArray<unknown>
): Promise<Answer> => {
  try {
    return ok((await host.query(dataOf(store, project.id), database, sql, params)) ?? nothing)
  } catch (cause) {
    return fail(500, "query_failed", `D1 error: ${messageOf(cause)}`)
  }
}

const WRITES = ["DROP", "TRUNCATE", "INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "ALTER"]

/** The operation of a statement that may write, found by its words as Jack finds it. */
const writeOf = (statement: string): string | undefined => {
  const words = wordsOf(statement)
  const [first = "", , third] = words
  if (first === "WITH") {
    const after = words.filter((_, index) => words[index - 1] === ")")
    const main = after.find((word) => ["SELECT", "INSERT", "UPDATE", "DELETE"].includes(word))
    const operation = main ?? ["DELETE", "UPDATE", "INSERT"].find((word) => words.includes(word))
    return operation === "SELECT" ? undefined : operation
  }
  if (first === "PRAGMA" && third === "=") return "PRAGMA"
  return WRITES.includes(first) ? first : undefined
}
