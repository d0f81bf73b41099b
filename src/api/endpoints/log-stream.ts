import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { ControlPlaneError } from "../../control-plane/ControlPlaneClient.ts"
import { ControlPlaneUnavailable } from "../../control-plane/errors.ts"

/** A client, and each proxy on the way, hears from the gateway at least this often. */
const HEARTBEAT = "15 seconds"

/** A log ends after this time, in milliseconds. To go on costs a proof, which is free. */
export const MAX_LOG_MILLIS = 3_600_000

/** The longest event, in characters. A host that sends more without an end is asked anew. */
const MAX_EVENT_LENGTH = 1024 * 1024

/** When to ask a host again whose log has ended. An hour has some 70 of these, and each makes at most four requests. */
const REOPEN = Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("1 minute")])

/** The log of a deployment at the host, and how long to read it. */
export interface LogReading {
  /** The log, opened. */
  readonly opened: ReadableStream<Uint8Array>
  /** Opens the log again. */
  readonly open: Effect.Effect<ReadableStream<Uint8Array>, ControlPlaneError>
  readonly duration: Duration.Input
}

const cut = (message: string) => new ControlPlaneUnavailable({ message })

/** Keeps the beginning of an event until its end has come, so that nothing else comes between. An event that is cut is dropped. */
const wholeEvents = Stream.mapAccumEffect(
  () => "",
  (begun: string, text: string) => {
    // Only the new text is searched, because an event may come in many pieces.
    const last = text.lastIndexOf("\n\n")
    const end = last >= 0 ? last + 2 : begun.endsWith("\n") && text.startsWith("\n") ? 1 : 0
    if (end > 0) return Effect.succeed([text.slice(end), [begun + text.slice(0, end)]] as const)
    return begun.length + text.length > MAX_EVENT_LENGTH
      ? Effect.fail(cut("an event of the log has no end"))
      : Effect.succeed([begun + text, []] as const)
  }
)

const eventsOf = (bytes: ReadableStream<Uint8Array>) =>
  Stream.fromReadableStream({ evaluate: () => bytes, onError: (error) => cut(String(error)) }).pipe(
    Stream.decodeText(),
    wholeEvents
  )

/**
 * Makes the server-sent events that a client reads: those of the host as they come, a heartbeat (a comment) in between, and an
 * event `end` with the reason. A log that the host ends is opened again, unless the host refuses that.
 */
export const logEvents = ({ opened, open, duration }: LogReading): Stream.Stream<Uint8Array> => {
  let first: ReadableStream<Uint8Array> | undefined = opened
  const next = Effect.suspend(() => {
    const bytes = first
    first = undefined
    return bytes === undefined ? open : Effect.succeed(bytes)
  })
  const events = Stream.unwrap(Effect.map(next, eventsOf)).pipe(
    Stream.concat(Stream.fail(cut("it says nothing more"))),
    Stream.retry(($) => $(REOPEN).pipe(Schedule.while(({ input }) => input._tag === "ControlPlaneUnavailable")))
  )
  return Stream.make(": connected\n\n").pipe(
    Stream.concat(events),
    Stream.merge(heartbeats, { haltStrategy: "left" }),
    Stream.interruptWhen(Effect.sleep(duration)),
    Stream.concat(Stream.make(end("The time of this read is over. Send the request again to go on."))),
    Stream.catch(({ message }) => Stream.make(end(`The host has ended the log: ${message}`))),
    Stream.encodeText
  )
}

const heartbeats = Stream.map(Stream.drop(Stream.tick(HEARTBEAT), 1), () => ": heartbeat\n\n")

const end = (reason: string) => `event: end\ndata: ${JSON.stringify({ reason })}\n\n`
