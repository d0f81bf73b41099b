import type { CollectedLog } from "./log-record.ts"
import type { CollectedSpan } from "./CollectedSpan.ts"

/** Spans and log records that were collected since the last batch. */
export interface Batch {
  readonly spans: ReadonlyArray<CollectedSpan>
  readonly logs: ReadonlyArray<CollectedLog>
  /** How many more there were, for which there was no room. */
  readonly dropped: number
}

/** Sends a batch, within a few seconds. Returns whether the collector answered at all; never rejects. */
export type Send = (batch: Batch) => Promise<boolean>

/** So many spans and log records wait at most, in all. */
const ROOM = 4096

/** So many of them may come from requests that have called no order, because everybody can send those for nothing. */
const ROOM_FOR_OTHERS = 1024

/** A batch leaves this long after its first item, in milliseconds. */
const DELAY_MS = 1000

/** A request sends at most so many batches, one after the other. Then the next request does, because the platform limits each. */
const BATCHES = 4

/** A request that was to send is taken for dead after this time, in milliseconds. */
const LEASE_MS = 30_000

/** Nothing is sent for this long, in milliseconds, after the collector has not answered. */
const PAUSE_MS = 60_000

/**
 * Collects spans and log records of all requests of an isolate, as plain values. Requests may not share I/O. So the request that adds the
 * first item has them sent, after its answer.
 */
export class Collector {
  readonly #send: Send
  readonly #waitUntil: (work: Promise<unknown>) => void
  readonly #now: () => number
  #spans: Array<CollectedSpan> = []
  #logs: Array<CollectedLog> = []
  #dropped = 0
  /** Until then somebody else sends, or nobody does. Unix milliseconds. */
  #taken = 0

  /** `waitUntil` keeps the present request, or object, at work after its answer. */
  constructor(send: Send, waitUntil: (work: Promise<unknown>) => void, now: () => number = Date.now) {
    this.#send = send
    this.#waitUntil = waitUntil
    this.#now = now
  }

  /** Adds spans, all or none. `isOrder` says that they are about an order. */
  addSpans(spans: ReadonlyArray<CollectedSpan>, isOrder: boolean): void {
    if (this.#hasRoom(spans.length, isOrder)) for (const span of spans) this.#spans.push(span)
    this.#start()
  }

  /** Adds a log record, which is made only if there is room. */
  addLog(make: () => CollectedLog, isOrder: boolean): void {
    if (this.#hasRoom(1, isOrder)) this.#logs.push(make())
    this.#start()
  }

  #hasRoom(count: number, isOrder: boolean): boolean {
    const has = this.#spans.length + this.#logs.length + count <= (isOrder ? ROOM : ROOM_FOR_OTHERS)
    if (!has) this.#dropped += count
    return has
  }

  #start(): void {
    const now = this.#now()
    if (now < this.#taken) return
    this.#taken = now + LEASE_MS
    try {
      this.#waitUntil(this.#sendAll())
    } catch {
      // There is no request to do it. The next one does.
      this.#taken = 0
    }
  }

  async #sendAll(): Promise<void> {
    for (let left = BATCHES; left > 0 && this.#spans.length + this.#logs.length + this.#dropped > 0; left--) {
      await new Promise((resolve) => setTimeout(resolve, DELAY_MS))
      const batch = { spans: this.#spans, logs: this.#logs, dropped: this.#dropped }
      this.#spans = []
      this.#logs = []
      this.#dropped = 0
      this.#taken = this.#now() + LEASE_MS
      if (!(await this.#send(batch).catch(() => false))) {
        this.#taken = this.#now() + PAUSE_MS
        return
      }
    }
    this.#taken = 0
  }
}
