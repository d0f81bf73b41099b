import { WorkerEntrypoint } from "cloudflare:workers"

/** The part of the runtime's trace of a request that the logs show. */
interface Trace {
  readonly outcome: string
  readonly eventTimestamp: number | null
  readonly event: { readonly request?: { readonly method: string; readonly url: string } } | null
  readonly logs: ReadonlyArray<{ readonly message: unknown; readonly level: string; readonly timestamp: number }>
  readonly exceptions: ReadonlyArray<{ readonly name: string; readonly message: string; readonly timestamp: number }>
}

/** Sends the traces that have logs or exceptions to the control plane, which passes them on to those who listen. */
export const sendTraces = async (site: string, traces: ReadonlyArray<Trace>): Promise<void> => {
  const events = traces
    .filter(({ logs, exceptions }) => logs.length > 0 || exceptions.length > 0)
    .map(({ outcome, eventTimestamp, event, logs, exceptions }) => ({
      outcome,
      eventTimestamp,
      event: event?.request && { request: { method: event.request.method, url: event.request.url } },
      logs: logs.map(({ message, level, timestamp }) => ({ message, level, timestamp })),
      exceptions: exceptions.map(({ name, message, timestamp }) => ({ name, message, timestamp }))
    }))
  // The control plane may be away: then nobody listens.
  if (events.length > 0) await fetch(site, { method: "POST", body: JSON.stringify(events) }).catch(() => {})
}

/** Receives the traces of one site in the Worker Loader. */
export class Logs extends WorkerEntrypoint<{ readonly SITES_URL: string }, { readonly label: string }> {
  tail(traces: ReadonlyArray<Trace>): Promise<void> {
    return sendTraces(`${this.env.SITES_URL}/${encodeURIComponent(this.ctx.props.label)}`, traces)
  }
}
