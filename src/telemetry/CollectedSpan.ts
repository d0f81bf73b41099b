import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Hex from "effect/encoding/Hex"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Tracer from "effect/Tracer"
import { cut } from "./scrub.ts"

/** A request keeps at most this many spans until it ends. The sweep makes one for each project. */
const MAX_HELD = 500

/**
 * The attributes that a span keeps. Others are left out, because what an attribute of a library holds is not known: URLs have queries, and
 * headers have credentials.
 */
const KEPT = new Set([
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "url.path",
  "url.scheme",
  "server.address",
  "server.port",
  "error.type"
])

/** The prefixes of the attributes that the service itself sets. */
const isOwn = (key: string): boolean => key.startsWith("mpp_compute.") || key === "enduser.pseudo.id"

/** Takes the spans that have ended. */
export interface SpanSink {
  /** Takes the spans of a request, or a single one of an order. `isOrder`: before others, where there is little room. */
  readonly addSpans: (spans: ReadonlyArray<CollectedSpan>, isOrder: boolean) => void
  /** Learns that a request has been answered. */
  readonly answered: (span: CollectedSpan) => void
}

type Options = Parameters<Tracer.Tracer["span"]>[0]

/**
 * A span that keeps what is sent of it, and nothing else: neither the result nor the error of what it measures, because these have source
 * text and credentials.
 *
 * The span of a request keeps the spans within it until it ends. Then they go on together, so that there are no traces in part.
 */
export class CollectedSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly sampled = true
  readonly kind: Tracer.SpanKind
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly annotations: Context.Context<never>
  readonly links: Array<Tracer.SpanLink>
  readonly attributes = new Map<string, unknown>()
  readonly traceId: string
  readonly spanId = Hex.random(16)
  readonly startTime: bigint
  endTime: bigint | undefined
  /** The tag of the error that ended it. */
  error: string | undefined
  /** Whether the request has called an order. */
  reachedOrder = false
  readonly #name: string
  readonly #sink: SpanSink
  /** The request that it belongs to, which may be itself. */
  readonly request: CollectedSpan | undefined
  #held: Array<CollectedSpan> = []

  constructor({ name, kind, parent, annotations, links, startTime }: Options, sink: SpanSink) {
    this.#name = name
    this.#sink = sink
    this.kind = kind
    // A client could name any trace as its own, so a request always begins one.
    this.parent = kind === "server" ? Option.none() : parent
    this.annotations = annotations
    this.links = links
    this.startTime = startTime
    const outer = Option.getOrUndefined(this.parent)
    this.traceId = outer?.traceId ?? Hex.random(32)
    this.request = kind === "server" ? this : outer instanceof CollectedSpan ? outer.request : undefined
  }

  /** `POST /deploy` for a request, as the semantic conventions say; else the name that it was made with. */
  get name(): string {
    const route = this.kind === "server" ? this.route : undefined
    return route === undefined ? this.#name : `${this.#name} ${route}`
  }

  /** The route of a request, if the router knows it. */
  get route(): string | undefined {
    const route = this.attributes.get("http.route")
    return typeof route === "string" && !route.includes("*") ? route : undefined
  }

  get status(): Tracer.SpanStatus {
    const { startTime, endTime } = this
    return endTime === undefined
      ? { _tag: "Started", startTime }
      : { _tag: "Ended", startTime, endTime, exit: Exit.void }
  }

  attribute(key: string, value: unknown): void {
    if (this.endTime !== undefined || !(KEPT.has(key) || isOwn(key))) return
    this.attributes.set(key, typeof value === "string" ? cut(value) : value)
  }

  event(): void {}

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    if (this.links.length + links.length <= 16) for (const link of links) this.links.push(link)
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    if (this.endTime !== undefined) return
    this.endTime = endTime
    this.error = Exit.isSuccess(exit) ? undefined : errorOf(exit.cause)
    const { request } = this
    if (request === this) {
      this.#sink.answered(this)
      this.#sink.addSpans([this, ...this.#held], this.reachedOrder)
      this.#held = []
    } else if (request === undefined || request.endTime !== undefined) {
      this.#sink.addSpans([this], request === undefined || request.reachedOrder)
    } else if (request.#held.length < MAX_HELD) {
      request.#held.push(this)
    }
  }
}

/** The tag of an error, which no client chooses; `undefined` for an interruption. */
const errorOf = (cause: Cause.Cause<unknown>): string | undefined => {
  const error = Option.getOrUndefined(Exit.findErrorOption(Exit.failCause(cause)))
  if (Predicate.hasProperty(error, "_tag") && typeof error._tag === "string") return error._tag
  if (error !== undefined) return "error"
  return Cause.hasInterruptsOnly(cause) ? undefined : "defect"
}
