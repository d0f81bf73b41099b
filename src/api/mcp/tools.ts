import type { ServiceInfo } from "../discovery/service-info.ts"
import { MAX_LOG_SECONDS } from "./read-log.ts"

/** A tool: an operation of the HTTP API under another name. */
export interface Tool {
  readonly name: string
  readonly title: string
  /** The sentences that follow the description of the operation: the price, and how to call the tool. */
  readonly advice: (service: ServiceInfo) => string
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  /** The operation's path. Its parameter is an argument. */
  readonly path: string
  /** The argument that is a parameter of the query, and its description. */
  readonly query?: { readonly name: string; readonly description: string }
  /** The argument that is a header, and its description. */
  readonly header?: { readonly name: string; readonly argument: string; readonly description: string }
  /** The field of the answer that is its ETag in HTTP, and its description. */
  readonly etag?: string
  /** Whether the other arguments are the body. */
  readonly takesBody: boolean
  /** Whether the tool only reads, whether it may destroy something, and whether calling it again changes nothing more. */
  readonly annotations: {
    readonly readOnlyHint: boolean
    readonly destructiveHint: boolean
    readonly idempotentHint: boolean
    readonly openWorldHint: boolean
  }
}

const hints = (readOnlyHint: boolean, destructiveHint: boolean, idempotentHint: boolean, openWorldHint = false) => ({
  readOnlyHint,
  destructiveHint,
  idempotentHint,
  openWorldHint
})

const free = () => "The payment is a proof of amount 0, signed with the key that paid for the deployment."
const keyed = 'Send _meta["idempotency-key"], so that repeating the call costs nothing.'

/** Every tool, in the order of the list. */
export const TOOLS: ReadonlyArray<Tool> = [
  {
    name: "deploy",
    title: "Deploy code to a live URL",
    advice: ({ price, ttlHours }) => `Costs $${price}, for ${ttlHours} hours. You pay only if it goes live. ${keyed}`,
    method: "POST",
    path: "/deploy",
    takesBody: true,
    annotations: hints(false, false, false, true)
  },
  {
    name: "update",
    title: "Update a deployment",
    advice: free,
    method: "PUT",
    path: "/deployments/{deployment_id}",
    header: {
      name: "if-match",
      argument: "if_match",
      description: "The etag that files answered, unchanged: the update is refused if the source has changed since."
    },
    takesBody: true,
    annotations: hints(false, true, true, true)
  },
  {
    name: "renew",
    title: "Renew a deployment",
    advice: ({ price }) => `Costs $${price}. ${keyed}`,
    method: "POST",
    path: "/deployments/{deployment_id}/renew",
    takesBody: false,
    annotations: hints(false, false, false)
  },
  {
    name: "delete",
    title: "Delete a deployment",
    advice: free,
    method: "DELETE",
    path: "/deployments/{deployment_id}",
    takesBody: false,
    annotations: hints(false, true, true)
  },
  {
    name: "status",
    title: "Read the state of a deployment",
    advice: () => "",
    method: "GET",
    path: "/deployments/{deployment_id}",
    takesBody: false,
    annotations: hints(true, false, true)
  },
  {
    name: "list",
    title: "List your deployments",
    advice: () => "The payment is a proof of amount 0, signed with the key whose deployments are listed.",
    method: "GET",
    path: "/deployments",
    query: { name: "before", description: "The next of the page before. Absent for the newest." },
    takesBody: false,
    annotations: hints(true, false, true)
  },
  {
    name: "files",
    title: "Read the source of a deployment",
    advice: free,
    method: "GET",
    path: "/deployments/{deployment_id}/files",
    etag: "Names this source, for if_match of update.",
    takesBody: false,
    annotations: hints(true, false, true)
  },
  {
    name: "logs",
    title: "Read the log of a deployment",
    advice: () => `As a tool it waits for seconds, at most ${MAX_LOG_SECONDS}, and answers what came. ${free()}`,
    method: "GET",
    path: "/deployments/{deployment_id}/logs",
    takesBody: false,
    annotations: hints(true, false, true)
  },
  {
    name: "execute",
    title: "Run code once",
    advice: ({ execute }) => `Costs $${execute?.price ?? "?"}. ${keyed}`,
    method: "POST",
    path: "/execute",
    takesBody: true,
    annotations: hints(false, false, false)
  }
]
