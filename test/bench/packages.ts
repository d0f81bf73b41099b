// The time to bundle programs with packages, cold (nothing is cached) and warm, beside the peer's, in one run, on the real registry. `isolate` is
// warm as well, in an isolate of its own as with a Worker Loader.
import { buildAt, startOnline } from "../npm/start-worker.ts"
import { filesOf, type Program, programs } from "../npm/programs.ts"
import { realRegistry } from "../npm/registry-proxy.ts"
import type { Files } from "../stress/built.ts"
import { median, print, round, save } from "./gateway/report.ts"

/** Interleaved, so that a noisy machine or network is as noisy for both. */
const ROUNDS = Number(process.env["ROUNDS"] ?? 5)

/** The peer takes at least so many times our time, warm. */
const GOAL = 1.5

const dateFns: Program = {
  id: "date-fns",
  file: "index.js",
  dependencies: { "date-fns": "4.4.0" },
  code: 'import { addDays, formatISO } from "date-fns"\nexport default { fetch: () => Response.json(formatISO(addDays(0, 1))) }\n',
  peer: ""
}
const rows = ["zod", "date-fns", "express", "viem", "ai"].map(
  (name) => programs.find(({ id }) => id === name) ?? dateFns
)

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return performance.now() - start
}

await using stopping = new AsyncDisposableStack()
const own = stopping.adopt(await startOnline("test/npm/wrangler.jsonc"), (it) => it.stop())
const peer = stopping.adopt(await startOnline("test/npm/peer/wrangler.jsonc"), (it) => it.stop())
const build = buildAt(own)

const ours = async (files: Files, cache: string, path = "/") => {
  const { status, ...answer } = await build(files, cache, path)
  if (status !== 200) throw new Error(`ours answered ${status} ${JSON.stringify(answer).slice(0, 500)}`)
}
const theirs = async (files: Files) => {
  // It expects a registry without a slash at its end.
  const body = JSON.stringify({ files, entryPoint: "index.js", registry: realRegistry.replace(/\/$/, "") })
  const response = await fetch(peer.url, { method: "POST", body })
  if (!response.ok) throw new Error(`the peer answered ${response.status} ${(await response.text()).slice(0, 500)}`)
  await response.arrayBuffer()
}

// Both compilers have started before anything is measured.
const plain = { "index.js": 'export default { fetch: () => new Response("x") }' }
await ours(plain, "start")
await ours(plain, "start", "/isolate")
await theirs(plain)

const missed: Array<string> = []
const table = []
for (const program of rows) {
  const files = filesOf(program)
  const times = {
    cold: [] as Array<number>,
    warm: [] as Array<number>,
    isolated: [] as Array<number>,
    peer: [] as Array<number>
  }
  let first: number | undefined
  for (let at = 0; at < ROUNDS; at++) {
    const cache = `${program.id} ${at}`
    times.cold.push(await timed(() => ours(files, cache)))
    const peerTime = await timed(() => theirs(files))
    // The peer caches nothing itself: its first time is shown as its cold one, the others as warm.
    if (first === undefined) first = peerTime
    else times.peer.push(peerTime)
    times.warm.push(await timed(() => ours(files, cache)))
    times.isolated.push(await timed(() => ours(files, cache, "/isolate")))
  }
  const [warm, isolated] = [median(times.warm), median(times.isolated)]
  const peerWarm = median(times.peer.length > 0 ? times.peer : [first ?? Number.NaN])
  const ratio = peerWarm / warm
  const isolatedRatio = peerWarm / isolated
  table.push({
    program: program.id,
    "cold, ms": round(median(times.cold)),
    "warm, ms": round(warm),
    "warm, isolate, ms": round(isolated),
    "peer, first, ms": round(first ?? Number.NaN),
    "peer, ms": round(peerWarm),
    "peer / warm": round(ratio),
    "peer / isolate": round(isolatedRatio)
  })
  const least = Math.min(ratio, isolatedRatio)
  if (!(least >= GOAL)) missed.push(`${program.id}: the peer takes ${least.toFixed(2)} times our time, not ${GOAL}`)
}
print(`bundling with packages, medians of ${ROUNDS}; peer: @cloudflare/worker-bundler`, table)
save("packages", table)
console.log(missed.length === 0 ? "all goals met" : `goals missed:\n${missed.join("\n")}`)
