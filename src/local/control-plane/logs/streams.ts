/** Sends payloads to one client until it is closed. */
export type Send = (payload: object) => void

/** The body of an answer that is a stream of server-sent events. */
export class EventStream {
  /** Begins to send, and returns what ends it. */
  readonly begin: (send: Send) => () => void
  constructor(begin: EventStream["begin"]) {
    this.begin = begin
  }
}

const HEARTBEAT_MS = 15_000

/** The clients that listen to the logs of projects. Nothing is kept for others. */
export class LogStreams {
  readonly #clients = new Map<string, Set<Send>>()

  /** Whether somebody listens to a project. */
  isHeard(project: string): boolean {
    return (this.#clients.get(project)?.size ?? 0) > 0
  }

  /** How many clients listen to any project. */
  get count(): number {
    return this.#clients.values().reduce((sum, { size }) => sum + size, 0)
  }

  /** Sends events to all who listen to the project now. */
  publish(project: string, events: ReadonlyArray<object>): void {
    for (const send of this.#clients.get(project) ?? []) for (const event of events) send(event)
  }

  /** The stream of a project, which begins with a banner. */
  open(project: string, banner: object): EventStream {
    return new EventStream((send) => {
      const clients = this.#clients.get(project) ?? new Set()
      this.#clients.set(project, clients.add(send))
      send({ type: "session", ...banner })
      const heartbeat = setInterval(() => send({ type: "heartbeat", ts: Date.now() }), HEARTBEAT_MS)
      return () => {
        clearInterval(heartbeat)
        clients.delete(send)
      }
    })
  }
}
