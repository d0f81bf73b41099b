import { setTimeout as sleep } from "node:timers/promises"
import { Worker } from "node:worker_threads"
import { fresh, walletOn } from "../e2e/support.ts"
import type { Stack } from "../../src/local/stack.ts"

/** Returns a count of the environment, or the full one. */
export const countOf = (name: string, full: number): number => Number(process.env[name] ?? full)

/** The answers of `/health`, sampled every 100 ms. */
export interface Samples {
  readonly count: number
  readonly failed: number
  /** Milliseconds. */
  readonly median: number
  readonly p99: number
  readonly worst: number
  /** The five slowest, the slowest first: when they were sent, in unix milliseconds, and how long they took. */
  readonly slowest: ReadonlyArray<readonly [at: number, ms: number]>
}

// Asks on a thread of its own, because this one also hosts the control plane. A late timer is not the gateway's fault, so each sample
// counts from when it was sent.
const SAMPLER = `
  const { parentPort, workerData } = require("node:worker_threads")
  const http = require("node:http")
  const agent = new http.Agent({ keepAlive: true })
  const times = []
  let failed = 0
  const ask = () => {
    const since = performance.now()
    const at = Date.now()
    http.get(workerData + "/health", { agent }, (response) => {
      response.resume()
      response.once("end", () => times.push([at, performance.now() - since]))
    }).once("error", () => failed++)
  }
  ask()
  const timer = setInterval(ask, 100)
  parentPort.once("message", () => {
    clearInterval(timer)
    parentPort.postMessage({ times, failed })
    agent.destroy()
  })
`

/** Samples `/health` from now on. The function that it returns ends it. */
export const sampleHealth = (gateway: string): (() => Promise<Samples>) => {
  const worker = new Worker(SAMPLER, { eval: true, workerData: gateway })
  return async () => {
    const answered = new Promise<{ times: Array<[at: number, ms: number]>; failed: number }>((resolve) =>
      worker.once("message", resolve)
    )
    worker.postMessage("end", [])
    const { times, failed } = await answered
    const sorted = times.map(([, ms]) => ms).toSorted((a, b) => a - b)
    const at = (part: number) => Math.round((sorted[Math.floor(part * sorted.length)] ?? NaN) * 10) / 10
    return {
      count: sorted.length,
      failed,
      median: at(0.5),
      p99: at(0.99),
      worst: Math.round((sorted.at(-1) ?? NaN) * 10) / 10,
      slowest: times.toSorted(([, a], [, b]) => b - a).slice(0, 5)
    }
  }
}

/** A deployment, and how it was bought. */
export interface Bought {
  readonly deployment_id: string
  readonly url: string
  readonly expires_at: string
  /** How long it took with all tries, in milliseconds. */
  readonly ms: number
  /** How often the service was busy. */
  readonly refusals: number
}

/** Buys a deploy by the stock client, which follows `Retry-After` while the service is busy, at most 100 times. */
export const buy = async ({ info }: Stack, wallet: ReturnType<typeof walletOn>): Promise<Bought> => {
  const body = fresh("plain-js")
  const headers = { "content-type": "application/json", "idempotency-key": crypto.randomUUID() }
  const since = performance.now()
  for (let refusals = 0; ; refusals++) {
    const response = await wallet.fetch(`${info.gateway}/deploy`, { method: "POST", body, headers })
    const answer = (await response.json()) as Bought
    if (response.status === 200) return { ...answer, ms: performance.now() - since, refusals }
    if ((response.status !== 503 && response.status !== 429) || refusals === 100)
      throw new Error(JSON.stringify(answer))
    await sleep(Number(response.headers.get("retry-after") ?? 1) * 1000)
  }
}

/** Does some work on all, so many at once. */
export const inParallel = async <A>(
  atOnce: number,
  work: ReadonlyArray<() => Promise<A>>
): Promise<ReadonlyArray<A>> => {
  const results: Array<A> = []
  let next = 0
  const run = async () => {
    for (let at = next++; at < work.length; at = next++) results[at] = await work[at]!()
  }
  await Promise.all(Array.from({ length: atOnce }, run))
  return results
}

/** Prints a row of the soak's report. vitest shows what passes, too. */
export const report = (what: string, values: Readonly<Record<string, unknown>>): void => {
  process.stdout.write(`${what}: ${JSON.stringify(values)}\n`)
}

/** Makes wallets of their own on the stack's chain, with money for this many deploys each. */
export const fundWallets = async (stack: Stack, wallets: number, deploys: number) => {
  const rich = walletOn(stack)
  const made = Array.from({ length: wallets }, (_, n) => walletOn(stack, `0x${(n + 1).toString(16).padStart(64, "7")}`))
  for (const { account } of made) await rich.transfer(account.address, BigInt(deploys) * 200_000n)
  return made
}
