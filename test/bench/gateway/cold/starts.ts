import type { Built } from "../built.ts"
import { type Call, once } from "../load.ts"
import { median } from "../report.ts"
import { type Bindings, prepare, startWorkerd } from "../workerd.ts"

/** A Worker that is started again and again, and its first calls. */
export interface Cold {
  readonly built: Built
  readonly bindings: Bindings
  /** Calls in order. The time ends with the last answer. */
  readonly calls: ReadonlyArray<{ readonly call: Call; readonly expected: number }>
}

/** Milliseconds from starting a fresh workerd process to the last call's answer, medians; every Worker in turn. */
export const coldStarts = async <Name extends string>(
  workers: Readonly<Record<Name, Cold>>,
  rounds: number
): Promise<Readonly<Record<Name, number>>> => {
  const entries = Object.entries<Cold>(workers).map(([name, { built, bindings, calls }]) => ({
    name,
    path: prepare(built, bindings),
    calls,
    times: [] as Array<number>
  }))
  // The first round loads the files into the page cache.
  for (let round = -1; round < rounds; round++) {
    for (const { path, calls, times } of entries) {
      const start = performance.now()
      const running = await startWorkerd(path)
      try {
        for (const { call, expected } of calls) await once(running.port, call, expected)
        if (round >= 0) times.push(performance.now() - start)
      } finally {
        await running.stop()
      }
    }
  }
  return Object.fromEntries(entries.map(({ name, times }) => [name, Math.round(median(times))])) as Record<Name, number>
}
