import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare"
import type { WorkerOptions } from "../../runtime/plan.ts"
import { type SocketScope, socketScope, socketsOf } from "../../runtime/sockets.ts"
import { PING_TIMEOUT_MS, watchUntilFrozen } from "./watchdog.ts"
import { ask } from "./ask.ts"

/** A runtime does not start, with the runtime's own message. */
export class StartFailure extends Error {
  override readonly name = "StartFailure"
}

const START_TIMEOUT_MS = 10_000

/** One runtime: a process of its own, whose Workers are reached by Unix sockets. A watchdog ends it when it freezes. */
export class Instance {
  /** Resolves when the process has ended, with the reason. */
  readonly ended: Promise<"stopped" | "frozen" | "crashed">
  readonly sockets: ReturnType<typeof socketsOf>
  readonly #scope: SocketScope
  readonly #miniflare: Miniflare
  readonly #stopping = new AbortController()
  readonly #exited: Promise<unknown>

  private constructor(scope: SocketScope, miniflare: Miniflare, ping: () => Promise<boolean>) {
    this.sockets = socketsOf(scope.name)
    this.#scope = scope
    this.#miniflare = miniflare
    const { process } = scope
    this.#exited =
      process === undefined || process.exitCode !== null || process.signalCode !== null
        ? Promise.resolve()
        : new Promise((resolve) => process.once("exit", resolve))
    const watching = new AbortController()
    const frozen = watchUntilFrozen(ping, AbortSignal.any([this.#stopping.signal, watching.signal])).then(
      () => "frozen"
    )
    this.ended = Promise.race([frozen, this.#exited.then(() => "crashed")]).then(async (reason) => {
      watching.abort()
      const isStopped = this.#stopping.signal.aborted
      await this.#kill()
      return isStopped ? "stopped" : reason === "frozen" ? "frozen" : "crashed"
    })
  }

  /**
   * Starts the Workers. The second one answers `/ping`.
   *
   * @throws StartFailure
   */
  static async start(
    workers: ReadonlyArray<object>,
    options: {
      readonly state?: string
      readonly ping?: (sockets: ReturnType<typeof socketsOf>) => Promise<boolean>
    } = {}
  ): Promise<Instance> {
    const scope: SocketScope = { name: String(++count), isPortless: true }
    const miniflare = socketScope.run(
      scope,
      () =>
        new Miniflare(
          convertV4MiniflareOptions({
            host: "127.0.0.1",
            port: 0,
            cf: false,
            log: new Log(LogLevel.WARN),
            ...(options.state !== undefined && { resourcePersistencePath: options.state }),
            workers: workers as Array<WorkerOptions>
          })
        )
    )
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new StartFailure("Script startup exceeded CPU time limit.")), START_TIMEOUT_MS)
    })
    try {
      await Promise.race([miniflare.ready, late])
    } catch (cause) {
      scope.process?.kill("SIGKILL")
      await miniflare.dispose().catch(() => {})
      throw cause instanceof StartFailure ? cause : new StartFailure(startMessage(cause))
    } finally {
      clearTimeout(timer)
    }
    const { ping = async ({ admin }) => (await ask(admin, "/ping", { timeoutMs: PING_TIMEOUT_MS })).status === 200 } =
      options
    return new Instance(scope, miniflare, () => ping(socketsOf(scope.name)))
  }

  /** Ends the process at once. Its answered writes are on disk. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.ended
  }

  async #kill(): Promise<void> {
    this.#scope.process?.kill("SIGKILL")
    await this.#exited
    await this.#miniflare.dispose().catch(() => {})
  }
}

let count = 0

/** The runtime's own words about the code, from its log: `service core:user:{name}: Uncaught Error: …`. */
const startMessage = (cause: unknown): string => {
  const text = cause instanceof Error ? cause.message : String(cause)
  const messages = text.split("\n").flatMap((line) => {
    try {
      return [(JSON.parse(line) as { readonly message: string }).message]
    } catch {
      return []
    }
  })
  const ofCode = messages.find((message) => message.startsWith("service core:user:"))
  return ofCode?.replace(/^service core:user:[^:]*: /, "") ?? (messages.join("\n") || text)
}
