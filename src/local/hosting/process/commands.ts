import type { IncomingMessage, ServerResponse } from "node:http"
import { json } from "node:stream/consumers"
import type { SiteData, SiteSpec } from "../spec.ts"
import type { Sites } from "../runtimes/Sites.ts"

/** The lines for the launcher's terminal, since a number of lines. */
export interface News {
  readonly lines: ReadonlyArray<string>
}

/** The commands of the launcher and its control plane, by name. Each takes and returns JSON. */
export interface Commands {
  check: { readonly data: SiteData; readonly version: SiteSpec }
  query: { readonly data: SiteData; readonly database: string; readonly sql: string; readonly params?: Array<unknown> }
  empty: { readonly data: SiteData; readonly bucket: string }
  remove: { readonly project: string; readonly data: boolean }
  news: { readonly since: number }
}

/** Answers the commands. A failure is a 500 with its message. */
export const makeCommands = (sites: Sites, lines: ReadonlyArray<string>) => {
  const run: { readonly [Name in keyof Commands]: (input: Commands[Name]) => Promise<unknown> } = {
    check: ({ data, version }) => sites.check(data, version),
    query: ({ data, database, sql, params }) => sites.query(data, database, sql, params),
    empty: async ({ data, bucket }) => ({ isEmpty: await sites.isEmpty(data, bucket) }),
    remove: async ({ project, data }) => {
      await sites.remove(project, { data })
      return {}
    },
    news: async ({ since }): Promise<News> => ({ lines: lines.slice(since) })
  }
  return async (name: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const answer = (status: number, body: unknown): void => {
      outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
    }
    if (!Object.hasOwn(run, name)) return answer(404, { message: "There is no such command." })
    try {
      const input = (await json(incoming)) as never
      answer(200, await run[name as keyof Commands](input))
    } catch (cause) {
      answer(500, { message: cause instanceof Error ? cause.message : String(cause) })
    }
  }
}
