import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Busy } from "../domain/Errors.ts"
import type { PayerObject } from "./PayerObject.ts"
import { Payers } from "./Payers.ts"
import { failuresOf } from "./too-many-attempts.ts"

/** For one answer of a payer's object. */
const PATIENCE = "3 seconds"

/** Each payer in a Durable Object of its own, named by the address. */
export const layerPayersDurable = (namespace: DurableObjectNamespace<PayerObject>) => {
  const ask = <A>(payer: string, call: (object: DurableObjectStub<PayerObject>) => Promise<A>) =>
    Effect.tryPromise(() => call(namespace.get(namespace.idFromName(payer)))).pipe(
      Effect.timeout(PATIENCE),
      Effect.tapError((error) => Effect.logWarning("the payer's object did not answer", String(error))),
      Effect.mapError(() => unreachable())
    )
  return Layer.succeed(
    Payers,
    Payers.of({
      begin: ({ payer, id, budget }) =>
        Effect.flatMap(
          ask(payer, (object) => object.begin(id, budget)),
          (admission) => Effect.asVoid(failuresOf(admission, budget))
        ),
      keep: ({ payer, id, budget }) =>
        Effect.flatMap(
          ask(payer, (object) => object.keep(id, budget)),
          (admission) => failuresOf(admission, budget)
        ),
      end: ({ payer, id }, how) => Effect.ignore(ask(payer, (object) => object.end(id, how)))
    })
  )
}

const unreachable = () =>
  new Busy({
    detail: "The service cannot look up its payers at this moment. Nothing was charged; try again.",
    retry_after: 5
  })
