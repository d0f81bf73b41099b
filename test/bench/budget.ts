import { buildWorker, uploadSize } from "./gateway/built.ts"
import { configs, ourBindings } from "./gateway/gateways.ts"
import { measure, paths } from "./gateway/paths.ts"
import { print, round } from "./gateway/report.ts"
import { startWorkerd } from "./gateway/workerd.ts"

/** What the gateway may weigh and cost; CPU as a ratio to the bare Worker, taken in turns, with room for noise. */
const limits = {
  /** Bytes, gzipped: a Worker may have 10 MB, and some of that is for whoever builds on this. */
  upload: 4_300_000,
  /** Measured: 0.79 to 0.95 on a busy machine; it was 1.6 before the path was made short. */
  "unpaid, hono-api": 1.1,
  /** Measured: 1.02 to 1.05. Reading, hashing and parsing 400 KB is nearly all of it, and the same for both. */
  "unpaid, 400 KB": 1.2
} as const

const ours = buildWorker(configs.ours)
const peer = buildWorker(configs.peer)
const rows: Array<{ what: string; measured: number; limit: number; held: string }> = []
const judge = (what: keyof typeof limits, measured: number) => {
  const limit = limits[what]
  rows.push({ what, measured, limit, held: measured <= limit ? "yes" : "NO" })
}
try {
  judge("upload", uploadSize(ours).gz)
  const workers = {
    ours: await startWorkerd(ours, ourBindings),
    bare: await startWorkerd(peer, { vars: { MODE: "shared" } })
  }
  try {
    for (const what of ["unpaid, hono-api", "unpaid, 400 KB"] as const) {
      const path = paths[what]
      if (path === undefined) throw new Error(`no path ${what}`)
      const result = await measure(workers, path, { rounds: 7, millis: 1000 })
      judge(what, round(result.ours.cpu / result.bare.cpu))
    }
  } finally {
    for (const worker of Object.values(workers)) await worker.stop()
  }
} finally {
  ours.remove()
  peer.remove()
}
print("budgets: bytes gzipped, and CPU per request as a ratio to the bare Worker's", rows)
process.exitCode = rows.every(({ held }) => held === "yes") ? 0 : 1
