import type { Built } from "./built.ts"
import { type Call, once } from "./load.ts"
import { median } from "./report.ts"
import { type Bindings, startWorkerd } from "./workerd.ts"

/** A Worker that is started over and over, and what it is asked first. */
export interface Cold {
  readonly built: Built
  readonly bindings: Bindings
  /** Calls in order; the time is taken when the last is answered. */
  readonly calls: ReadonlyArray<{ readonly call: Call; readonly expected: number }>
}

/** Milliseconds from starting a fresh workerd process to the last call's answer, medians; every Worker in turn. */
export const coldStarts = async <Name extends string>(
  workers: Readonly<Record<Name, Cold>>,
  rounds: number
): Promise<Readonly<Record<Name, number>>> => {
  const names = Object.keys(workers) as unknown as ReadonlyArray<Name>
  const times = new Map<Name, Array<number>>(names.map((name) => [name, []]))
  // The first round brings the files into the page cache.
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const { built, bindings, calls } = workers[name]
      const start = performance.now()
      const running = await startWorkerd(built, bindings)
      try {
        for (const { call, expected } of calls) await once(running.port, call, expected)
        if (round >= 0) times.get(name)?.push(performance.now() - start)
      } finally {
        await running.stop()
      }
    }
  }
  return Object.fromEntries(names.map((name) => [name, Math.round(median(times.get(name) ?? []))])) as Record<
    Name,
    number
  >
}
