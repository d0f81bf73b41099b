import { AsyncLocalStorage } from "node:async_hooks"

/** One invocation of the Worker: a request to the gateway, a call or an alarm of an object, or a scheduled run. */
export interface Invocation {
  /** "gateway", "sweep", or the class and the method of an object, as in "Order submit" and "Payer alarm". */
  readonly name: string
  /** The object's id; undefined for the gateway. */
  readonly object?: string
  /** How often it has called what, by name: its subrequests. */
  readonly calls: Record<string, number>
  /** Unix milliseconds. It ends with the last call that it has made. */
  readonly startedAt: number
  endedAt: number
}

/** The Worker's counted work since the last look. */
export interface Seen {
  readonly invocations: ReadonlyArray<Invocation>
  /** Rows of the objects' storage, as the platform bills them. */
  readonly rowsRead: number
  readonly rowsWritten: number
  /** Isolates that the Worker Loader has started. */
  readonly isolates: number
  readonly logLines: number
  /** Bytes that were written to KV: keys, values and metadata, by the part of the key before the colon. */
  readonly kvBytes: Readonly<Record<string, number>>
  /** Calls of which nobody knows the invocation. There must be none. */
  readonly strays: ReadonlyArray<string>
  /** Whether something is in progress. */
  readonly busy: boolean
}

const nothing = () => ({
  invocations: [] as Array<Invocation>,
  rowsRead: 0,
  rowsWritten: 0,
  isolates: 0,
  logLines: 0,
  kvBytes: {} as Record<string, number>,
  strays: [] as Array<string>
})

/** The counts so far. The gateway and all objects share an isolate here. */
let tally = nothing()
const present = new AsyncLocalStorage<Invocation>()
let open = 0

// The Worker's clock is turned by the test, and this one is not.
const now = Date.now.bind(Date)

/** Runs work as an invocation. What it leaves behind counts as long as it calls something. */
export const invoke = <A>(name: string, object: string | undefined, work: () => A): A => {
  const invocation = { name, calls: {}, startedAt: now(), endedAt: now(), ...(object !== undefined && { object }) }
  tally.invocations.push(invocation)
  return present.run(invocation, () => during(work()))
}

/** Keeps the present invocation open until the value is there. */
export const during = <A>(value: A): A => {
  const invocation = present.getStore()
  open++
  const end = () => {
    open--
    if (invocation !== undefined) invocation.endedAt = now()
  }
  void Promise.resolve(value).then(end, end)
  return value
}

/** Counts a call of the present invocation. */
export const countCall = <A>(name: string, call: () => A): A => {
  const invocation = present.getStore()
  if (invocation === undefined) tally.strays.push(name)
  else invocation.calls[name] = (invocation.calls[name] ?? 0) + 1
  return during(call())
}

/** Counts rows of an object's storage. */
export const countRows = (read: number, written: number): void => {
  tally.rowsRead += read
  tally.rowsWritten += written
}

/** Counts the start of an isolate. */
export const countIsolate = (): void => void tally.isolates++

/** Counts bytes that are written to KV. */
export const countKvBytes = (key: string, bytes: number): void => {
  const [kind = ""] = key.split(":")
  tally.kvBytes[kind] = (tally.kvBytes[kind] ?? 0) + bytes
}

for (const level of ["debug", "log", "info", "warn", "error"] as const) {
  const write = console[level].bind(console)
  console[level] = (...values: ReadonlyArray<unknown>) => {
    tally.logLines++
    write(...values)
  }
}

/** The Worker's counted work since `forget`. */
export const seen = (): Seen => ({ ...tally, busy: open > 0 })

/** Begins to count anew. */
export const forget = (): void => {
  tally = nothing()
}
