import { helloBody } from "../bodies.ts"
import { type Built, buildWorker, withWasm } from "../built.ts"
import { bare, ourBindings } from "../gateways.ts"
import { print, round, save } from "../report.ts"
import { coldStarts } from "./starts.ts"

const sources = JSON.stringify({ "index.ts": "export default { fetch: () => new Response('hello') }" })

/**
 * Measures the first calls of new isolates beside bare Workers, and prints the ratios. `test/bench/execute.ts` measures the first
 * run, which needs a chain.
 *
 * @param wasm the bare Worker with the gateway's wasm in its upload. workerd checks all of a wasm at its start, whether or not
 *   something imports it.
 */
export const printColdStarts = async (ours: Built, peer: Built, rounds: number): Promise<void> => {
  const bundler = buildWorker("test/bench/gateway/cold/bundler/wrangler.jsonc")
  const stock = buildWorker("test/bench/gateway/cold/stock/wrangler.jsonc")
  const wasm = withWasm(buildWorker("test/bench/gateway/peer/wrangler.jsonc"), ours)
  const unpaid = [{ call: { method: "POST", path: "/deploy", body: helloBody }, expected: 402 }]
  const post = (path: string) => [{ call: { method: "POST", path, body: sources }, expected: 200 }]
  try {
    const times = await coldStarts(
      {
        bare: { built: peer, bindings: bare, calls: unpaid },
        gateway: { built: ours, bindings: ourBindings, calls: unpaid },
        wasm: { built: wasm, bindings: bare, calls: unpaid },
        idle: { built: bundler, bindings: {}, calls: post("/nothing") },
        bundle: { built: bundler, bindings: {}, calls: post("/build") },
        stockIdle: { built: stock, bindings: {}, calls: post("/nothing") },
        stockBundle: { built: stock, bindings: {}, calls: post("/build") }
      },
      rounds
    )
    const first = times.bundle - times.idle
    const stockFirst = times.stockBundle - times.stockIdle
    const row = (what: string, ms: number, ofBare: number, goal: string) => ({
      what,
      ms,
      "ours/bare": round(ofBare),
      goal
    })
    save("cold", times)
    print(`new isolates, ms from starting workerd to the answer, medians of ${rounds}`, [
      row("first 402, bare Worker of hono and mppx", times.bare, 1, ""),
      row("first 402, the gateway", times.gateway, times.gateway / times.bare, "at most 1.3"),
      row("first 402, the bare Worker with the gateway's wasm", times.wasm, times.wasm / times.bare, ""),
      row("first bundle beyond that, bare Worker of esbuild", stockFirst, 1, ""),
      row("first bundle beyond that, the bundler", first, first / stockFirst, "at most 350 ms")
    ])
  } finally {
    for (const built of [bundler, stock, wasm]) built.remove()
  }
}
