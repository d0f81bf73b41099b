import { badBody, helloBody, largeBody } from "./bodies.ts"
import { type Call, load } from "./load.ts"
import { median, quantile, round } from "./report.ts"
import type { Running } from "./workerd.ts"

/** A request, and its expected answer. */
export interface Path {
  readonly body: string
  readonly expected: number
  /** The goals, as ratios to the bare Worker: at least so many requests each second, at most so much CPU for each. */
  readonly goals?: { readonly perSecond?: number; readonly cpu?: number }
}

/** The paths of most requests: no credential, and invalid files. */
export const paths: Readonly<Record<string, Path>> = {
  "unpaid, hono-api": { body: helloBody, expected: 402, goals: { perSecond: 1.15 } },
  "unpaid, 400 KB": { body: largeBody, expected: 402 },
  "bad path": { body: badBody, expected: 400, goals: { cpu: 1.1 } }
}

/** One Worker on one path: medians over the rounds. */
export interface Measured {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  /** CPU of the whole process for each request, in microseconds. */
  readonly cpu: number
  /**
   * CPU of the load itself for each request, in microseconds. The load has one thread. Where this is more than `cpu`, the load is
   * the limit of `perSecond`, and the ratio of two Workers' requests is nearer to 1 than the ratio of their CPU.
   */
  readonly load: number
}

/** The load of a path: rounds in which every Worker has its turn, of so many milliseconds, over 16 connections. */
export interface Plan {
  readonly rounds: number
  readonly millis: number
}

const connections = 16

/** Loads every Worker in turn, so that a noisy machine affects all of them. The first round warms up. */
export const measure = async <Name extends string>(
  workers: Readonly<Record<Name, Running>>,
  { body, expected }: Path,
  { rounds, millis }: Plan
): Promise<Readonly<Record<Name, Measured>>> => {
  const call: Call = { method: "POST", path: "/deploy", body }
  const names = Object.keys(workers) as unknown as ReadonlyArray<Name>
  const samples = new Map<Name, Array<Measured>>(names.map((name) => [name, []]))
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const worker = workers[name]
      const before = worker.cpu()
      const own = process.cpuUsage()
      const met = await load(worker.port, call, { connections, millis, expected })
      const { user, system } = process.cpuUsage(own)
      if (round < 0) continue
      samples.get(name)?.push({
        perSecond: met.requests / met.seconds,
        p50: quantile(met.latencies, 0.5),
        p99: quantile(met.latencies, 0.99),
        cpu: ((worker.cpu() - before) * 1000) / met.requests,
        load: (user + system) / met.requests
      })
    }
  }
  const summary = (name: Name): Measured => {
    const middle = (of: keyof Measured) => round(median((samples.get(name) ?? []).map((sample) => sample[of])))
    const [p50, p99, cpu, own] = [middle("p50"), middle("p99"), middle("cpu"), middle("load")]
    return { perSecond: Math.round(middle("perSecond")), p50, p99, cpu, load: own }
  }
  return Object.fromEntries(names.map((name) => [name, summary(name)])) as Record<Name, Measured>
}

/** Compares a path's measurements with its goals: a row for each. */
export const compareToGoals = (name: string, { goals = {} }: Path, ours: Measured, bare: Measured) => {
  const requests = round(ours.perSecond / bare.perSecond)
  const cpu = round(ours.cpu / bare.cpu)
  const row = (what: string, measured: number, goal: string, held: boolean) => ({
    what: `${name}, ${what}`,
    measured,
    goal,
    held: held ? "yes" : "NO"
  })
  return [
    ...(goals.perSecond === undefined
      ? []
      : [row("requests/s", requests, `at least ${goals.perSecond}`, requests >= goals.perSecond)]),
    ...(goals.cpu === undefined ? [] : [row("CPU", cpu, `at most ${goals.cpu}`, cpu <= goals.cpu)])
  ]
}
