import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { buildWorker } from "./gateway/built.ts"
import { configs, ourBindings } from "./gateway/gateways.ts"
import { measure, paths } from "./gateway/paths.ts"
import { print, round, save } from "./gateway/report.ts"
import { prepare, startWorkerd } from "./gateway/workerd.ts"

/**
 * Measures the unpaid path without telemetry, with a collector that takes it, and with one that hangs: it takes connections and requests, and
 * never answers. An answer waits for no collector, so the last two may differ by at most this.
 */
const LIMIT = 1.05

/** A round without telemetry, with it, and with the collector hanging takes three times this long. */
const plan = { rounds: Number(process.env["ROUNDS"] ?? 15), millis: Number(process.env["MILLIS"] ?? 1500) }

/** Starts a server that counts its requests. */
const listen = async (answer: RequestListener) => {
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    request.resume()
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    stop: () => {
      server.closeAllConnections()
      server.close()
    }
  }
}

const built = buildWorker(configs.ours)
const well = await listen((request, response) => request.on("end", () => response.end("{}")))
const hanging = await listen(() => {})
const sendingTo = (collector?: { readonly url: string }) => ({
  ...ourBindings,
  reaches: "this machine" as const,
  vars: { ...ourBindings.vars, ...(collector && { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }) }
})
try {
  const workers = {
    off: await startWorkerd(prepare(built, sendingTo())),
    on: await startWorkerd(prepare(built, sendingTo(well))),
    hanging: await startWorkerd(prepare(built, sendingTo(hanging)))
  }
  try {
    const result = await measure(workers, paths["unpaid, hono-api"]!, plan)
    const rows = Object.entries(result).map(([telemetry, { perSecond, p50, p99, cpu }]) => ({
      telemetry,
      "requests/s": perSecond,
      "p50 ms": p50,
      "p99 ms": p99,
      cpu,
      "p50, this/off": round(p50 / result.off.p50),
      "p50, this/on": round(p50 / result.on.p50)
    }))
    save("telemetry", result)
    print(`telemetry on the unpaid path: medians of ${plan.rounds} rounds of ${plan.millis} ms`, rows)
    const sent = [well.requests(), hanging.requests()]
    if (sent.includes(0))
      throw new Error(`the collectors got ${sent.join(" and ")} requests, so this has measured nothing`)
    const held = result.hanging.p50 / result.on.p50 < LIMIT
    console.log(`a hanging collector changes the p50 by less than 5 %: ${held ? "yes" : "NO"}`)
  } finally {
    for (const worker of Object.values(workers)) await worker.stop()
  }
} finally {
  for (const server of [well, hanging]) server.stop()
  built.remove()
}
