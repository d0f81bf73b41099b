/**
 * Keeps errors from recording stacks while the Worker starts. Effect makes an error for each `Effect.fn` and each service, to
 * know where it was defined, and the first stack with a frame of module code makes V8 parse and compile all of it again,
 * because it keeps no positions at first. That was a third of an isolate's start. V8 records no stack while `stackTraceLimit`
 * is no plain value, and then it does not matter who sets it.
 *
 * `worker.ts` imports this module before all others, and ends the quiet once it has started. To find out where a Worker fails
 * to start, take that import away.
 */
const limit = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit")

Object.defineProperty(Error, "stackTraceLimit", { configurable: true, get: () => 0, set: () => {} })

/** Lets errors record stacks as before. */
export const endQuiet = (): void => {
  if (limit !== undefined) Object.defineProperty(Error, "stackTraceLimit", limit)
}
