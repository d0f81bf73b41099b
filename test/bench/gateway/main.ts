import { buildWorker, byPackage, uploadSize } from "./built.ts"
import { printColdStarts } from "./cold/table.ts"
import { configs, ourBindings } from "./gateways.ts"
import { compareToGoals, measure, paths } from "./paths.ts"
import { print, round, save } from "./report.ts"
import { prepare, startWorkerd } from "./workerd.ts"

/**
 * Measures the gateway in workerd itself, beside a bare Worker of hono and mppx: the unpaid path and the errors before it, cold
 * starts, and the upload. `anatomy.ts` measures a deploy.
 */
const plan = { rounds: Number(process.env["ROUNDS"] ?? 5), millis: Number(process.env["MILLIS"] ?? 2000) }

const ours = buildWorker(configs.ours)
const peer = buildWorker(configs.peer)
try {
  const shared = { vars: { MODE: "shared" } }
  const workers = {
    ours: await startWorkerd(prepare(ours, ourBindings)),
    shared: await startWorkerd(prepare(peer, shared)),
    fresh: await startWorkerd(prepare(peer, { vars: { MODE: "fresh" } }))
  }
  try {
    const measured: Record<string, unknown> = {}
    const goals: Array<ReturnType<typeof compareToGoals>[number]> = []
    for (const [name, path] of Object.entries(paths)) {
      const result = await measure(workers, path, plan)
      measured[name] = result
      print(
        `${name}: 16 connections, medians of ${plan.rounds} rounds of ${plan.millis} ms; CPU in µs per request`,
        Object.entries(result).map(([worker, { perSecond, p50, p99, cpu, load }]) => ({
          worker,
          "requests/s": perSecond,
          "p50 ms": p50,
          "p99 ms": p99,
          cpu,
          "cpu of the load": load,
          "ours/this, requests/s": round(result.ours.perSecond / perSecond),
          "ours/this, cpu": round(result.ours.cpu / cpu)
        }))
      )
      goals.push(...compareToGoals(name, path, result.ours, result.shared))
    }
    print("goals, as ratios to the bare Worker (shared)", goals)
    save("paths", measured)
  } finally {
    for (const worker of Object.values(workers)) await worker.stop()
  }

  await printColdStarts(ours, peer, plan.rounds)

  const { raw, gz, modules } = uploadSize(ours)
  save("upload", { raw, gz, modules, byPackage: byPackage(ours) })
  print(`upload: ${raw} bytes, ${gz} gzipped`, modules)
  print(
    "the JavaScript by package, minified bytes",
    byPackage(ours)
      .slice(0, 16)
      .map(([name, bytes]) => ({ name, bytes }))
  )
} finally {
  for (const built of [ours, peer]) built.remove()
}
