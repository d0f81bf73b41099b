// Measures how much time `/execute` adds to the payment and to the code's own time, on the local stack: `node test/bench/execute.ts`.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startStack } from "../../src/local/stack.ts"
import { walletOn } from "../e2e/support.ts"
import { startProxy, type Proxy } from "../fault-injection/proxy.ts"

const warmRuns = Number(process.env["ROUNDS"] ?? 21)
const coldRuns = Number(process.env["COLD_ROUNDS"] ?? 5)

/** The goal for what the first run of a new gateway takes of our own, in milliseconds. */
const FIRST_RUN = 400

/** Where the time of one call went, in milliseconds. */
interface Times {
  readonly total: number
  /** While the gateway waited for the chain. */
  readonly chain: number
  readonly code: number
}

const median = (values: ReadonlyArray<number>) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

const dir = mkdtempSync(join(tmpdir(), "mpp-compute-bench-"))
let proxy: Proxy | undefined
const stack = await startStack({
  dir: join(dir, "local"),
  gatewayPort: 0,
  sitesPort: 0,
  chainPort: 0,
  blockTime: 0.2,
  environment: {},
  log: () => {},
  reroute: async (settings) => {
    proxy = await startProxy(settings.TEMPO_RPC_URL ?? "")
    return { ...settings, TEMPO_RPC_URL: proxy.url }
  }
})
try {
  const wallet = walletOn(stack)
  let chain = 0
  // One call at a time, and its requests to the chain one after the other: their times add up.
  proxy?.rules.add(async (_, forward) => {
    const since = performance.now()
    const answer = await forward()
    chain += performance.now() - since
    return answer
  })
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${stack.info.gateway}/execute`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers }
    })

  const once = async (work: string): Promise<Times> => {
    const body = JSON.stringify({ code: `export const run = ${work}\n// ${crypto.randomUUID()}` })
    const authorization = await wallet.credential(await post(body))
    chain = 0
    const since = performance.now()
    const response = await post(body, { authorization })
    const answer = (await response.json()) as { duration_ms?: number }
    const total = performance.now() - since
    if (response.status !== 200) throw new Error(`answered ${response.status} ${JSON.stringify(answer)}`)
    return { total, chain, code: answer.duration_ms ?? 0 }
  }

  const ownOf = (times: ReadonlyArray<Times>) => times.map(({ total, chain, code }) => total - chain - code)
  const print = (what: string, times: ReadonlyArray<Times>) => {
    const own = ownOf(times)
    const columns = [
      ["total", median(times.map(({ total }) => total))],
      ["chain", median(times.map(({ chain }) => chain))],
      ["code", median(times.map(({ code }) => code))],
      ["own", median(own)],
      ["own, worst", Math.max(...own)]
    ] as const
    console.log(`${what.padEnd(24)} ${columns.map(([name, ms]) => `${name} ${ms.toFixed(1)}`).join("  ")}`)
  }

  console.log("milliseconds, medians; own = total without the chain and the code")
  const cold: Array<Times> = []
  for (let run = 0; run < coldRuns; run++) {
    await stack.gateway.stop(0)
    await stack.gateway.start()
    cold.push(await once("() => 1"))
  }
  print("first of a new gateway", cold)
  let warm: number | undefined
  for (const [what, work] of [
    ["warm, returns at once", "() => 1"],
    ["warm, 100 ms of waiting", "() => new Promise((go) => setTimeout(go, 100)).then(() => 1)"],
    ["warm, 1 MB of result", "() => 'x'.repeat(1_000_000)"]
  ] as const) {
    await once(work)
    const times: Array<Times> = []
    for (let run = 0; run < warmRuns; run++) times.push(await once(work))
    print(what, times)
    warm ??= median(ownOf(times))
  }
  const first = median(ownOf(cold))
  console.log(
    `own time of the first run of a new gateway: ${first.toFixed(0)} ms, ${(first / (warm ?? first)).toFixed(1)} times that of a warm one;` +
      ` goal: at most ${FIRST_RUN} ms, ${first <= FIRST_RUN ? "met" : "MISSED"}`
  )
} finally {
  await stack.stop()
  await proxy?.stop()
  rmSync(dir, { recursive: true, force: true })
}
process.exit()
