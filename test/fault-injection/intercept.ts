import type { Harness, Run } from "./fault.ts"
import type { Exchange, ProxiedResponse, Reply, Rule, Proxy } from "./proxy.ts"

interface RpcBody {
  readonly method: string
  readonly params?: ReadonlyArray<unknown>
}

/** The calls of a request to the chain, which may be a batch. */
const rpcCalls = ({ body }: Exchange): ReadonlyArray<RpcBody> => [JSON.parse(body.toString())].flat() as Array<RpcBody>

/** Whether a call tries a transaction, or another call, of an account. */
const isTriedBy =
  (account: string) =>
  ({ method, params }: RpcBody): boolean =>
    method === "eth_call" && (params?.[0] as { from?: string } | undefined)?.from?.toLowerCase() === account

/** The steps of a run at which a fault can strike. */
export type Step = "simulate" | "broadcast" | "create" | "tag" | "database" | "migrate" | "upload" | "delete"

/** The paths of a project's calls. */
const ACTIONS = {
  tag: "tags",
  database: "resources/d1",
  migrate: "database/execute",
  upload: "deployments/upload"
} as const

/** Finds the run of a request, if the request is that step of a run. */
export const runAt = (harness: Harness, step: Step, runs: ReadonlyArray<Run>, exchange: Exchange): Run | undefined => {
  const { method, path, body } = exchange
  switch (step) {
    case "simulate": {
      const calls = rpcCalls(exchange)
      return runs.find(({ agent }) => calls.some(isTriedBy(agent.account.address.toLowerCase())))
    }
    case "broadcast": {
      const sent = rpcCalls(exchange).find(({ method }) => method.startsWith("eth_sendRaw"))?.params?.[0]
      return sent === undefined ? undefined : runs.find(({ agent }) => agent.signed.has(String(sent).toLowerCase()))
    }
    case "create": {
      if (method !== "POST" || path !== "/v1/projects") return undefined
      const { slug } = JSON.parse(body.toString()) as { slug: string }
      return runs.find((run) => slug.startsWith(run.slug))
    }
    case "delete":
      return method === "DELETE" ? runOf(harness, runs, path) : undefined
    case "tag":
    case "database":
    case "migrate":
    case "upload": {
      const [, id = "", action = ""] = /^\/v1\/projects\/([^/]+)\/([\w/]+)$/.exec(path) ?? []
      if (action !== ACTIONS[step]) return undefined
      // The table of records comes before the first migration.
      if (step === "migrate" && body.includes("CREATE TABLE IF NOT EXISTS")) return undefined
      return runs.find((run) => harness.slugOf(id)?.startsWith(run.slug))
    }
  }
}

/** Finds the run whose project a call of the host is about. */
const runOf = (harness: Harness, runs: ReadonlyArray<Run>, path: string): Run | undefined => {
  const [, id = ""] = /^\/v1\/projects\/([^/]+)/.exec(path) ?? []
  return runs.find((run) => harness.slugOf(id)?.startsWith(run.slug))
}

/** Catches every call of the host about a run's project. Returns a function that ends it. */
export const whenAbout = (harness: Harness, run: Run, handle: () => Promise<ProxiedResponse>): (() => void) => {
  const rule: Rule = ({ path }) => (runOf(harness, [run], path) === undefined ? undefined : handle())
  harness.host.rules.add(rule)
  return () => void harness.host.rules.delete(rule)
}

/** Decides about a caught request. */
export type Handling = (run: Run, forward: () => Promise<Reply>) => Promise<ProxiedResponse>

/** Catches each run's first request of a step, or with `every` all of them. Returns a function that ends it. */
export const intercept = (
  harness: Harness,
  step: Step,
  runs: ReadonlyArray<Run>,
  handle: Handling,
  options: { readonly every?: boolean } = {}
): (() => void) => {
  const proxy: Proxy = step === "simulate" || step === "broadcast" ? harness.rpc : harness.host
  const seen = new Set<Run>()
  const rule: Rule = (exchange, forward) => {
    const run = runAt(harness, step, runs, exchange)
    if (run === undefined || (seen.has(run) && options.every !== true)) return undefined
    seen.add(run)
    return handle(run, forward)
  }
  proxy.rules.add(rule)
  return () => void proxy.rules.delete(rule)
}

/** Lets the request before a payment pass, for faults that must strike after it. */
export const isQuestion = ({ path }: Exchange): boolean => path === "/v1/me"

/**
 * Closes every connection through a proxy, except those that pass. `seen` receives each request. Returns a function that ends
 * it.
 */
export const blackout = (
  proxy: Proxy,
  seen: (exchange: Exchange) => void = () => {},
  passes: (exchange: Exchange) => boolean = () => false
): (() => void) => {
  const cut = async () => "cut" as const
  const rule: Rule = (exchange, forward) => {
    seen(exchange)
    return passes(exchange) ? forward() : cut()
  }
  const before = [...proxy.rules]
  proxy.rules.clear()
  for (const each of [rule, ...before]) proxy.rules.add(each)
  return () => void proxy.rules.delete(rule)
}
