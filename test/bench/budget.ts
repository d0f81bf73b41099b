import { buildWorker, uploadSize, withWasm } from "./gateway/built.ts"
import { helloBody } from "./gateway/bodies.ts"
import { coldStarts } from "./gateway/cold/starts.ts"
import { bare, bareOfTwo, configs, ourBindings, ourBindingsOfTwo } from "./gateway/gateways.ts"
import { measure, paths } from "./gateway/paths.ts"
import { print, round } from "./gateway/report.ts"
import { prepare, startWorkerd } from "./gateway/workerd.ts"

/** The limits of the gateway's size and cost. Times are ratios to the bare Worker, measured in turns, with room for noise. */
const limits = {
  /**
   * Bytes, gzipped; the compiler has 3.37 million of them, and 3.97 million were measured. A Worker may have 10 MB, and a
   * consumer's own code needs some of that.
   */
  upload: 4_400_000,
  /** Measured: 0.66 to 0.81. */
  "unpaid, hono-api": 1,
  /** Challenges in two tokens, beside a bare Worker that issues two. Measured: 0.53. */
  "unpaid, two tokens": 1.1,
  /** Measured: 1.02; 1.22 to 1.35 while each body waited for a collection. Reading, hashing and parsing are the same for both. */
  "unpaid, 400 KB": 1.2,
  /**
   * Measured: 1.08 to 1.13, where the router's answer had 2.07. The goal is 1.1. The bare Worker writes no log, has one header, and checks
   * nothing of a body but its paths.
   */
  "bad path": 1.5,
  /**
   * From starting workerd to the first 402, beside the bare Worker with the compiler's wasm in its upload. Measured: 0.94 to 1.11; 1.12
   * without `quiet-start.ts`. workerd copies the wasm several times and checks it at its start, and `upload` bounds its size.
   */
  "cold start": 1.15
} as const

const ours = buildWorker(configs.ours)
const peer = buildWorker(configs.peer)
const compiler = withWasm(buildWorker(configs.peer), ours)
const rows: Array<{ what: string; measured: number; limit: number | string; held: string }> = []
const compare = (what: keyof typeof limits, measured: number) => {
  const limit = limits[what]
  rows.push({ what, measured, limit, held: measured <= limit ? "yes" : "NO" })
}
try {
  compare("upload", uploadSize(ours).gz)
  const first = [{ call: { method: "POST", path: "/deploy", body: helloBody }, expected: 402 }]
  const cold = await coldStarts(
    {
      ours: { built: ours, bindings: ourBindings, calls: first },
      bare: { built: peer, bindings: bare, calls: first },
      compiler: { built: compiler, bindings: bare, calls: first }
    },
    9
  )
  compare("cold start", round(cold.ours / cold.compiler))
  // There is no limit, because the machine's time to compile the wasm decides it. The same code had 1.2 and 1.8 on two
  // machines.
  rows.push({ what: "cold start, no wasm", measured: round(cold.ours / cold.bare), limit: "–", held: "–" })
  const workers = {
    ours: await startWorkerd(prepare(ours, ourBindings)),
    bare: await startWorkerd(prepare(peer, bare))
  }
  const pairs = {
    ours: await startWorkerd(prepare(ours, ourBindingsOfTwo)),
    bare: await startWorkerd(prepare(peer, bareOfTwo))
  }
  try {
    for (const [what, name, measured] of [
      ["unpaid, hono-api", "unpaid, hono-api", workers],
      ["unpaid, two tokens", "unpaid, hono-api", pairs],
      ["unpaid, 400 KB", "unpaid, 400 KB", workers],
      ["bad path", "bad path", workers]
    ] as const) {
      const path = paths[name]
      if (path === undefined) throw new Error(`no path ${name}`)
      const result = await measure(measured, path, { rounds: 11, millis: 1000 })
      compare(what, round(result.ours.cpu / result.bare.cpu))
    }
  } finally {
    for (const worker of [...Object.values(workers), ...Object.values(pairs)]) await worker.stop()
  }
} finally {
  ours.remove()
  peer.remove()
  compiler.remove()
}
print("budgets: bytes gzipped; CPU per request and cold start as ratios to the bare Worker's", rows)
process.exitCode = rows.some(({ held }) => held === "NO") ? 1 : 0
