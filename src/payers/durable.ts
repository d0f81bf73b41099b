import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Busy } from "../domain/Errors.ts"
import type { PayerObject } from "./PayerObject.ts"
import { Payers } from "./Payers.ts"
import { failuresOrRefusal, refuseFull, refuseSwitched } from "./refusals.ts"

/** The time limit of one call of a payer's object. */
const OBJECT_TIMEOUT = "3 seconds"

/** The name of the reserved object, which has the operator's switches. No address is called so. */
const OPERATOR = "operator"

/** Keeps each payer in a Durable Object of its own, named by the address. */
export const layerPayersDurable = (namespace: DurableObjectNamespace<PayerObject>) => {
  const callObject = <A>(payer: string, call: (object: DurableObjectStub<PayerObject>) => Promise<A>) =>
    Effect.tryPromise(() => call(namespace.get(namespace.idFromName(payer)))).pipe(
      Effect.timeout(OBJECT_TIMEOUT),
      Effect.tapError((error) => Effect.logWarning("the payer's object did not answer", String(error))),
      Effect.mapError(() => unreachable())
    )
  return Layer.succeed(
    Payers,
    Payers.of({
      begin: ({ payer, id, budget }) =>
        Effect.flatMap(
          callObject(payer, (object) => object.begin(id, budget)),
          (check) => Effect.asVoid(failuresOrRefusal(check, budget))
        ),
      enter: Effect.fnUntraced(function* ({ payer, id, budget }, place) {
        const check = yield* callObject(payer, (object) => object.begin(id, budget, place))
        yield* failuresOrRefusal(check, budget)
        yield* refuseFull(check.full, place.max, yield* Clock.currentTimeMillis)
      }),
      keep: ({ payer, id, budget }) =>
        Effect.flatMap(
          callObject(payer, (object) => object.keep(id, budget)),
          (check) => failuresOrRefusal(check, budget)
        ),
      end: ({ payer, id }, how) => Effect.ignore(callObject(payer, (object) => object.end(id, how))),
      requireSale: (payer) =>
        Effect.flatMap(
          callObject(OPERATOR, (object) => object.switchesOf(payer)),
          refuseSwitched
        ),
      release: ({ payer, id }) => Effect.ignore(callObject(payer, (object) => object.release(id))),
      record: (notice) => callObject(notice.payer, (object) => object.record(notice)),
      list: ({ payer, challengeId, cursor }) =>
        Effect.map(
          callObject(payer, (object) => object.list(challengeId, cursor)),
          (page) => page ?? undefined
        ),
      deployments: (payer, cursor) => callObject(payer.toLowerCase(), (object) => object.page(cursor)),
      deny: (address, reason) => callObject(OPERATOR, (object) => object.deny(address.toLowerCase(), reason)),
      allow: (address) => callObject(OPERATOR, (object) => object.allow(address.toLowerCase())),
      pause: (reason) => callObject(OPERATOR, (object) => object.pause(reason)),
      resume: callObject(OPERATOR, (object) => object.resume()),
      state: callObject(OPERATOR, (object) => object.salesState())
    })
  )
}

const unreachable = () =>
  new Busy({
    detail: "The service cannot look up the payer at the moment. Nothing was charged; try again.",
    retry_after: 5
  })
