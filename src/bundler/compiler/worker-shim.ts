import type { EsbuildHost } from "../generated/esbuild-factory.js"
import type { GoProgram } from "./go/GoProgram.ts"

/** The message of a crash that is a time-out. */
export const TOO_LONG = "it took too long"

/** The compiler crashed or did not answer in time. Its instance must not be used again. */
export class InstanceCrash extends Error {
  override readonly name = "InstanceCrash"
}

/**
 * Makes the globals that the library gets in place of a browser's. Its "web worker" hosts the compiler. It delivers messages as
 * microtasks and never by timer, because a Worker ties timers to the request that set them. So a build that fetches nothing
 * ends before any other event, and no client can disconnect during it.
 *
 * @param handshake the compiler's first output.
 * @param deadline in milliseconds since 1970; delivery ends then. It is checked between messages, because a chain of microtasks
 * keeps a timer from firing.
 */
export const makeHost = (
  program: GoProgram,
  handshake: Uint8Array,
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

    #queue: Array<Uint8Array> = []

    postMessage(data: Uint8Array): void {
      // Consecutive messages are delivered together, because waking the program costs more than most of them.
      if (this.#queue.push(data) === 1) queueMicrotask(() => queueMicrotask(() => this.#deliver()))
    }

    #deliver(): void {
      const messages = this.#queue
      this.#queue = []
      if (Date.now() >= deadline) return died(TOO_LONG)
      try {
        if (!this.#started) {
          // The first message is the module.
          messages.shift()
          this.#started = true
          this.#start()
        }
        if (messages.length > 0) program.write(joined(messages))
      } catch (error) {
        died(error instanceof Error ? error.message : String(error))
      }
    }

    #start(): void {
      program.onOutput = (data) => this.onmessage({ data })
      this.onmessage({ data: null })
      this.onmessage({ data: handshake })
    }

    terminate(): void {}
  }
})

const joined = (messages: ReadonlyArray<Uint8Array>): Uint8Array => {
  const [first = new Uint8Array()] = messages
  if (messages.length < 2) return first
  const all = new Uint8Array(messages.reduce((sum, { length }) => sum + length, 0))
  let end = 0
  for (const message of messages) {
    all.set(message, end)
    end += message.length
  }
  return all
}
