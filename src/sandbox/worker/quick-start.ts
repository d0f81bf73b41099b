import { startToServe } from "../isolate/inspect.ts"
import { DeadlineExceeded, load, readUpTo, withTimeout, type WorkerCode, type WorkerLoader } from "./loader.ts"
import { randomName, START_TIMEOUT_MESSAGE, START_TIMEOUT_MS } from "./main-start.ts"

/** The most bytes of a report that is read: the letter of a program that can serve is one. */
const MAX_BYTES = 100

/**
 * Starts code beside a module of the gateway, in one isolate, whose runtime validates all exports of the code.
 *
 * @returns "usable" if the code starts and can serve, "late" if it does not end its start in time, and "unclear" for everything else.
 * Then the code must be started as its host does, because only that tells why it fails, and whether it does.
 */
export const startQuickly = async (
  loader: WorkerLoader,
  code: WorkerCode,
  cpuMs: number
): Promise<"usable" | "late" | "unclear"> => {
  const entrypoint = randomName()
  const until = Date.now() + START_TIMEOUT_MS
  try {
    const { send } = load(loader, code, startToServe(code.mainModule, entrypoint), { cpuMs })
    const report = await withTimeout(START_TIMEOUT_MS, START_TIMEOUT_MESSAGE, async (signal) =>
      readUpTo(MAX_BYTES, await send({ signal, entrypoint }), until, START_TIMEOUT_MESSAGE)
    )
    return report === "k" ? "usable" : "unclear"
  } catch (cause) {
    return cause instanceof DeadlineExceeded ? "late" : "unclear"
  }
}
