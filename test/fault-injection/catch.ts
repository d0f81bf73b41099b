import type { Rig, Run } from "./fault.ts"
import type { Exchange, Fate, Reply, Rule, Way } from "./proxy.ts"

interface RpcBody {
  readonly method: string
  readonly params?: ReadonlyArray<unknown>
}

const rpcBody = ({ body }: Exchange): RpcBody => {
  const parsed = JSON.parse(body.toString()) as RpcBody | ReadonlyArray<RpcBody>
  return Array.isArray(parsed) ? (parsed[0] as RpcBody) : (parsed as RpcBody)
}

/** What a request is to its run: one of the steps at which a fault can strike. */
export type Step = "simulate" | "broadcast" | "create" | "tag" | "upload"

/** Which of the runs a request belongs to, if it is that step of one. */
export const runAt = (rig: Rig, step: Step, runs: ReadonlyArray<Run>, exchange: Exchange): Run | undefined => {
  const { method, path, body } = exchange
  switch (step) {
    case "simulate":
    case "broadcast": {
      const { method, params } = rpcBody(exchange)
      if (step === "broadcast") {
        if (!method.startsWith("eth_sendRaw")) return undefined
        return runs.find(({ agent }) => agent.signed.has(String(params?.[0]).toLowerCase()))
      }
      const from = (params?.[0] as { from?: string } | undefined)?.from?.toLowerCase()
      return method === "eth_call" ? runs.find(({ agent }) => agent.account.address.toLowerCase() === from) : undefined
    }
    case "create": {
      if (method !== "POST" || path !== "/v1/projects") return undefined
      const { slug } = JSON.parse(body.toString()) as { slug: string }
      return runs.find((run) => slug.startsWith(run.slug))
    }
    case "tag":
    case "upload": {
      const [, id = "", what] = /^\/v1\/projects\/([^/]+)\/(tags|deployments\/upload)$/.exec(path) ?? []
      if (what !== (step === "tag" ? "tags" : "deployments/upload")) return undefined
      return runs.find((run) => rig.slugOf(id)?.startsWith(run.slug))
    }
  }
}

/** What happens to a request that was caught. */
export type Handling = (run: Run, forward: () => Promise<Reply>) => Promise<Fate>

/** Catches each run's first request of a step, or with `every` all of them. Returns what lets them pass again. */
export const intercept = (
  rig: Rig,
  step: Step,
  runs: ReadonlyArray<Run>,
  handle: Handling,
  options: { readonly every?: boolean } = {}
): (() => void) => {
  const way: Way = step === "simulate" || step === "broadcast" ? rig.rpc : rig.host
  const seen = new Set<Run>()
  const rule: Rule = (exchange, forward) => {
    const run = runAt(rig, step, runs, exchange)
    if (run === undefined || (seen.has(run) && options.every !== true)) return undefined
    seen.add(run)
    return handle(run, forward)
  }
  way.rules.add(rule)
  return () => void way.rules.delete(rule)
}

/** The question that is asked before a payment: a fault that is to strike after it lets this pass. */
export const isQuestion = ({ path }: Exchange): boolean => path === "/v1/me"

/** Cuts every connection of a way until it is told to stop, but for those that pass; `seen` is told of each. */
export const blackout = (
  way: Way,
  seen: (exchange: Exchange) => void = () => {},
  passes: (exchange: Exchange) => boolean = () => false
): (() => void) => {
  const cut = async () => "cut" as const
  const rule: Rule = (exchange, forward) => {
    seen(exchange)
    return passes(exchange) ? forward() : cut()
  }
  const before = [...way.rules]
  way.rules.clear()
  for (const each of [rule, ...before]) way.rules.add(each)
  return () => void way.rules.delete(rule)
}
