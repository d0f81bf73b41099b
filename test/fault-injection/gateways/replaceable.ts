import childProcess, { type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import type { Miniflare } from "miniflare"

/** A workerd that can be killed and started again, with the configuration that Miniflare has made for it. */
export interface Runtime {
  /** SIGKILL, at once. */
  readonly kill: () => void
  /** Starts it again, once the killed one has ended, and resolves when it listens. */
  readonly replace: () => Promise<void>
  readonly stop: () => Promise<void>
}

/**
 * Starts Miniflare and takes its workerd over. Miniflare itself starts a killed workerd again at once, and takes a second of
 * processor time for that, because it encodes the configuration anew. It does not learn here that its workerd has ended, so it
 * must be disposed of after the last `kill`. This fits the pinned version of Miniflare.
 */
export const startReplaceable = (make: () => Miniflare, onLine: (line: string) => void): Promise<Runtime> => {
  const started = last.then(() => start(make, onLine))
  last = started.catch(() => {})
  return started
}

/** Starts follow each other, because each of them replaces `spawn` for a while. */
let last: Promise<unknown> = Promise.resolve()

const start = async (make: () => Miniflare, onLine: (line: string) => void): Promise<Runtime> => {
  const { spawn } = childProcess
  let again = (): ChildProcess => {
    throw new Error("Miniflare has started no workerd")
  }
  let current: ChildProcess | undefined
  let exited: Promise<void> = Promise.resolve()
  const ended: Array<() => void> = []
  const take = (child: ChildProcess): ChildProcess => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream as Readable).on("line", (line) => onLine(messageOf(line)))
    }
    exited = new Promise((resolve) => child.on("exit", () => resolve()))
    current = child
    return child
  }
  childProcess.spawn = ((command: string, args: ReadonlyArray<string>, options: childProcess.SpawnOptions) => {
    const child = spawn(command, args, options)
    if (!args.includes("--control-fd=3")) return child
    const stdin = child.stdin!
    const write = stdin.write.bind(stdin)
    stdin.write = ((configuration: Buffer) => {
      again = () => {
        const next = spawn(command, args, options)
        next.stdin!.on("error", () => {}).end(configuration)
        return next
      }
      return write(configuration)
    }) as typeof write
    const listen = child.once.bind(child) as (event: string, listener: () => void) => ChildProcess
    child.once = ((event: string, listener: () => void) => {
      if (event !== "exit") return listen(event, listener)
      ended.push(listener)
      return child
    }) as typeof child.once
    return take(child)
  }) as typeof spawn
  let miniflare: Miniflare
  try {
    miniflare = make()
    await miniflare.ready
  } finally {
    childProcess.spawn = spawn
  }
  const kill = () => void current?.kill("SIGKILL")
  return {
    kill,
    replace: async () => {
      await exited
      // It says so on this pipe when it listens.
      await once(take(again()).stdio[3] as Readable, "data")
    },
    stop: async () => {
      kill()
      const disposed = miniflare.dispose()
      for (const end of ended) end()
      await disposed
    }
  }
}

/** The text of a line that workerd logs as JSON. */
const messageOf = (line: string): string => {
  try {
    return (JSON.parse(line) as { readonly message: string }).message
  } catch {
    return line
  }
}
