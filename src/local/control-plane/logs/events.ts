/** An event of a Tail Worker. */
export interface TailEvent {
  readonly outcome?: string | null
  readonly eventTimestamp?: number | null
  readonly event?: { readonly request?: { readonly method?: string; readonly url?: string } } | null
  readonly logs?: ReadonlyArray<{
    readonly message?: unknown
    readonly level?: string
    readonly timestamp?: number
  }>
  readonly exceptions?: ReadonlyArray<{
    readonly name?: string
    readonly message?: string
    readonly timestamp?: number
  }>
}

const orNull = <A>(value: A | undefined | null): A | null => value ?? null

/** An event as Jack's stream has it; nothing if it has neither a log nor an exception. */
export const streamEvents = (events: ReadonlyArray<TailEvent>): ReadonlyArray<object> =>
  events.flatMap(({ outcome, eventTimestamp, event, logs = [], exceptions = [] }) => {
    const lines = logs
      .filter(({ message }) => Array.isArray(message) && message.length > 0)
      .map(({ timestamp, level, message }) => ({ ts: orNull(timestamp), level: orNull(level), message }))
    const thrown = exceptions.map(({ timestamp, name, message }) => ({
      ts: orNull(timestamp),
      name: orNull(name),
      message: orNull(message)
    }))
    if (lines.length === 0 && thrown.length === 0) return []
    const { method, url } = event?.request ?? {}
    return [
      {
        type: "event",
        ts: eventTimestamp ?? lines[0]?.ts ?? Date.now(),
        outcome: orNull(outcome),
        request: method || url ? { method, url } : null,
        logs: lines,
        exceptions: thrown
      }
    ]
  })
