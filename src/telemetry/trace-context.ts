import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"
import { CollectedSpan } from "./CollectedSpan.ts"

/** A span whose trace goes on in another object. Plain data, so that it crosses a call between objects. */
export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
}

/** The present span, for the order that is called within it; `undefined` without telemetry. */
export const currentTrace: Effect.Effect<TraceContext | undefined> = Effect.withFiber((fiber) => {
  const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
  if (!(span instanceof CollectedSpan)) return Effect.undefined
  if (span.request !== undefined) span.request.reachedOrder = true
  return Effect.succeed({ traceId: span.traceId, spanId: span.spanId })
})

/** Continues the trace of a caller in another object. */
export const continueTrace =
  (trace: TraceContext | undefined) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
    trace === undefined
      ? (effect as Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>)
      : Effect.withParentSpan(effect, Tracer.externalSpan(trace))
