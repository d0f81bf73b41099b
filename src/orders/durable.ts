import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Internal } from "../domain/Errors.ts"
import { DeploymentIds } from "../ids/DeploymentIds.ts"
import type { OrderOperations } from "./operations.ts"
import type { OrderObject } from "./OrderObject.ts"
import { makeOrders, Orders } from "./Orders.ts"
import { type OutcomeCodec, OUTCOMES } from "./rpc.ts"
import { currentTrace, type TraceContext } from "../telemetry/trace-context.ts"

type Namespace = DurableObjectNamespace<OrderObject>
type Stub = DurableObjectStub<OrderObject>

/** Keeps every order in a Durable Object of its own, named by payer, operation and body. */
export const layerOrdersDurable = (namespace: Namespace | undefined) =>
  Layer.effect(
    Orders,
    Effect.map(DeploymentIds, (ids) => Orders.of(makeOrders(ids, (name) => orderAt(namespace, name))))
  )

/** The answers to a caller whose call of the object was interrupted. */
const interrupted = {
  purchase: new Internal({
    detail: "The order was interrupted. Repeat the same call with the same Idempotency-Key: it never pays twice.",
    charged: null
  }),
  update: new Internal({ detail: "The update was interrupted. Send it again; it is free.", charged: true }),
  remove: new Internal({ detail: "The delete was interrupted. Send it again; it is free.", charged: true }),
  takeDown: new Internal({ detail: "The takedown was interrupted. Send it again.", charged: null }),
  read: new Internal({ detail: "The read was interrupted. Send it again; it is free.", charged: true }),
  hold: new Internal({
    detail: "The deployment did not answer. Nothing was charged. Send the renewal again.",
    charged: false
  }),
  commit: new Internal({ detail: "The deployment did not answer.", charged: true })
}

/** The operations of one order, as calls of its object. */
const orderAt = (namespace: Namespace | undefined, name: string): OrderOperations => {
  const object = () => {
    // The gateway calls no order while the binding is missing, because the settings are incomplete then.
    if (namespace === undefined) throw new Error("the binding ORDERS is missing")
    return namespace.get(namespace.idFromName(name))
  }

  /** Calls the object, and decodes the outcome. Fails with `noAnswer` if the object does not answer. */
  const call = Effect.fnUntraced(function* <A, E>(
    outcome: OutcomeCodec<A, E>,
    send: (object: Stub, trace: TraceContext | undefined) => Promise<unknown>,
    noAnswer: Internal
  ) {
    const trace = yield* currentTrace
    const encoded = yield* Effect.tryPromise(() => send(object(), trace)).pipe(
      Effect.catch((error) =>
        Effect.andThen(
          Effect.logError("the order's object did not answer", name, String(error.cause)),
          Effect.fail(noAnswer)
        )
      )
    )
    return yield* yield* outcome.decode(encoded)
  })

  return {
    submit: (order) =>
      Effect.withSpan(
        call(OUTCOMES.submit, (it, trace) => it.submit(order, trace), interrupted.purchase),
        "Orders.submit"
      ),
    execute: (order) =>
      Effect.withSpan(
        call(OUTCOMES.execute, (it, trace) => it.execute(order, trace), interrupted.purchase),
        "Orders.execute"
      ),
    update: (order) =>
      Effect.withSpan(
        call(OUTCOMES.update, (it, trace) => it.update(order, trace), interrupted.update),
        "Orders.update"
      ),
    remove: (request) =>
      Effect.withSpan(
        call(OUTCOMES.remove, (it, trace) => it.remove(request, trace), interrupted.remove),
        "Orders.remove"
      ),
    takeDown: (request) =>
      Effect.withSpan(
        call(OUTCOMES.takeDown, (it, trace) => it.takeDown(request, trace), interrupted.takeDown),
        "Orders.takeDown"
      ),
    readSource: (request) =>
      Effect.withSpan(
        call(OUTCOMES.readSource, (it, trace) => it.readSource(request, trace), interrupted.read),
        "Orders.readSource"
      ),
    readLogs: (request) =>
      Effect.withSpan(
        call(OUTCOMES.readLogs, (it, trace) => it.readLogs(request, trace), interrupted.read),
        "Orders.readLogs"
      ),
    renew: (order) =>
      Effect.withSpan(
        call(OUTCOMES.renew, (it, trace) => it.renew(order, trace), interrupted.purchase),
        "Orders.renew"
      ),
    hold: (request) =>
      Effect.withSpan(
        call(OUTCOMES.hold, (it, trace) => it.hold(request, trace), interrupted.hold),
        "Orders.hold"
      ),
    commit: (request) =>
      Effect.withSpan(
        call(OUTCOMES.commit, (it, trace) => it.commit(request, trace), interrupted.commit),
        "Orders.commit"
      ),
    release: (request) =>
      Effect.withSpan(
        call(OUTCOMES.release, (it, trace) => it.release(request, trace), interrupted.hold),
        "Orders.release"
      ),
    claims: (deploymentId, projectId) =>
      Effect.withSpan(
        Effect.promise(() => object().claims(deploymentId, projectId)),
        "Orders.claims"
      ),
    status: (deploymentId) =>
      Effect.withSpan(
        Effect.promise(() => object().status(deploymentId)),
        "Orders.status"
      ),
    inspect: (deploymentId) =>
      Effect.withSpan(
        Effect.promise(() => object().inspect(deploymentId)),
        "Orders.inspect"
      )
  }
}
