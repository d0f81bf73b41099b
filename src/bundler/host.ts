import type { EsbuildHost } from "./generated/esbuild-factory.js"
import type { GoProgram } from "./go.ts"

/** The compiler died or did not answer in time; whatever instance it was must not be used again. */
export class InstanceCrash extends Error {
  override readonly name = "InstanceCrash"
}

/**
 * What the library sees in the place of a browser's globals: a "web worker" that is our own host of the compiler. Messages
 * are delivered as microtasks and never by timer, which a Worker ties to the request that set it: a build that fetches
 * nothing is over before any other event, so that no client can leave in its midst.
 *
 * @param greeting what the compiler wrote when it started.
 * @param deadline in milliseconds since 1970; delivery ends then. It is looked at between messages, because a chain of
 *   microtasks keeps a timer from firing.
 */
export const makeHost = (
  program: GoProgram,
  greeting: Uint8Array,
  deadline: number,
  died: (reason: string) => void
): EsbuildHost => ({
  // oxlint-disable-next-line typescript/no-extraneous-class -- only constructed
  Blob: class {},
  URL: { createObjectURL: () => "" },
  console: { log: () => {}, warn: () => {} },
  Worker: class {
    onmessage: (message: { readonly data: Uint8Array | null }) => void = () => {}
    #started = false

    postMessage(data: Uint8Array): void {
      // The first message is the module.
      const deliver = this.#started ? () => program.write(data) : () => this.#start()
      this.#started = true
      queueMicrotask(() => {
        if (Date.now() >= deadline) return died("it took too long")
        try {
          deliver()
        } catch (error) {
          died(error instanceof Error ? error.message : String(error))
        }
      })
    }

    #start(): void {
      program.onOutput = (data) => this.onmessage({ data })
      this.onmessage({ data: null })
      this.onmessage({ data: greeting })
    }

    terminate(): void {}
  }
})
