import type { QueryResult } from "../../spec.ts"
import { splitStatements } from "../statements.ts"

interface Statement {
  bind(...params: ReadonlyArray<unknown>): Statement
}
interface Database {
  prepare(sql: string): Statement
  batch(statements: ReadonlyArray<Statement>): Promise<ReadonlyArray<QueryResult>>
}
interface Bucket {
  list(options: { readonly limit: number }): Promise<{ readonly objects: ReadonlyArray<unknown> }>
}

interface Env {
  /** The start check's entrypoint of the code. */
  readonly CHECK?: { fetch(url: string): Promise<Response> }
}

/** Works on a project's data for the control plane, and answers the watchdog. Only the hosting process reaches it. */
export default {
  async fetch(request: Request, env: Env & Readonly<Record<string, unknown>>): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === "/ping") return new Response("pong")
    try {
      if (pathname === "/check") return (await env.CHECK?.fetch("http://code/")) ?? Response.json(false)
      if (pathname === "/query") {
        const { database, sql, params } = (await request.json()) as Query
        return Response.json(await query(env[database] as Database, sql, params))
      }
      const { objects } = await (env[pathname.slice("/bucket/".length)] as Bucket).list({ limit: 1 })
      return Response.json({ isEmpty: objects.length === 0 })
    } catch (cause) {
      return Response.json({ message: cause instanceof Error ? cause.message : String(cause) }, { status: 500 })
    }
  }
}

interface Query {
  readonly database: string
  readonly sql: string
  readonly params?: ReadonlyArray<unknown>
}

/** Runs the statements in one transaction, as D1's HTTP API does, and returns the result of the first one. */
const query = async (database: Database, sql: string, params: ReadonlyArray<unknown> = []) => {
  const statements = splitStatements(sql).map((text) => database.prepare(text))
  const bound = statements.map((statement, index) =>
    index === 0 && params.length > 0 ? statement.bind(...params) : statement
  )
  return bound.length === 0 ? null : ((await database.batch(bound))[0] ?? null)
}
