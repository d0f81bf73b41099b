import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { InvalidRequest } from "../../domain/Errors.ts"

/** How long the tool `logs` waits, in seconds: by default, and at most. Clients of MCP wait for an answer, often for a minute. */
const LOG_SECONDS = 5
export const MAX_LOG_SECONDS = 30

/** The most characters of a log that one call reads. */
const MAX_LENGTH = 1024 * 1024

/** The argument of `logs` that its HTTP request does not have. */
export const LogSeconds = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_LOG_SECONDS })).annotate({
  description: `How long to wait for events, in seconds. ${LOG_SECONDS} if it is absent.`
})

/** The answer of `logs`: the events of the log as GET …/logs sends them, and why it has ended, if it has. */
export const LogEvents = Schema.Struct({
  events: Schema.Array(Schema.Record(Schema.String, Schema.Unknown)).annotate({
    description:
      'What came, in order: {"type": "event", "ts", "outcome", "request", "logs": [{"ts", "level", "message"}], "exceptions"}.'
  }),
  ended: Schema.optionalKey(Schema.String).annotate({ description: "Why the log has ended, if it has." })
}).annotate({ description: "What the code logged and threw while the tool waited." })

const isSeconds = Schema.is(LogSeconds)

/** Reads the argument `seconds`. */
export const readSeconds = (seconds: unknown = LOG_SECONDS): Effect.Effect<number, InvalidRequest> =>
  isSeconds(seconds)
    ? Effect.succeed(seconds)
    : new InvalidRequest({ detail: `seconds must be a whole number from 1 to ${MAX_LOG_SECONDS}.` })

const parse = Option.liftThrowable((json: string): unknown => JSON.parse(json))

/** Reads server-sent events for some seconds, and then leaves the stream. An event whose end has not come is left out. */
export const readLog = (body: ReadableStream<Uint8Array>, seconds: number): Effect.Effect<typeof LogEvents.Type> =>
  Stream.fromReadableStream({ evaluate: () => body, onError: String }).pipe(
    Stream.decodeText(),
    Stream.interruptWhen(Effect.sleep(seconds * 1000)),
    // A stream that breaks has said what it has said.
    Stream.catch(() => Stream.empty),
    Stream.scan(
      () => "",
      (text: string, more) => text + more
    ),
    Stream.takeUntil((text) => text.length > MAX_LENGTH),
    Stream.runLast,
    Effect.map((text) => eventsOf(Option.getOrElse(text, () => "")))
  )

const eventsOf = (text: string): typeof LogEvents.Type => {
  const blocks = text.split("\n\n").slice(0, -1)
  const read = (prefix: string) =>
    blocks
      .filter((block) => block.startsWith(prefix))
      .map((block) => Option.getOrUndefined(parse(block.slice(prefix.length))))
      .filter(Predicate.isReadonlyObject)
  const reason = read("event: end\ndata: ").at(-1)?.["reason"]
  return { events: read("data: "), ...(Predicate.isString(reason) && { ended: reason }) }
}
