import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Busy, TooManyAttempts } from "../domain/Errors.ts"
import { type Admission, Attempts, type Budget, type End, FAILURES_PER_HOUR } from "./Attempts.ts"
import type { PayerObject } from "./PayerObject.ts"

/** For one answer of a payer's object. */
const PATIENCE = "3 seconds"

/** Names an attempt. */
export interface AttemptId {
  /** The payer's address, in lower case. */
  readonly payer: string
  /** The challenge that the attempt answers. */
  readonly id: string
  readonly budget: Budget
}

/**
 * Keeps facts about each payer, beyond one order. So far: the attempts to buy or to update something that came to
 * nothing. They are free for their payer, and this bounds them.
 */
export class Payers extends Context.Service<
  Payers,
  {
    /** Begins an attempt, before anything is done for it. */
    readonly begin: (attempt: AttemptId) => Effect.Effect<void, TooManyAttempts | Busy>
    /**
     * Keeps an attempt before something is built for it: from now on it counts, whatever crashes. Answers how many
     * attempts of its payer have failed within an hour.
     */
    readonly keep: (attempt: AttemptId) => Effect.Effect<number, TooManyAttempts | Busy>
    /** Ends an attempt. Never fails: nothing that is paid for depends on it, and an attempt that is not ended runs out. */
    readonly end: (attempt: AttemptId, how: End) => Effect.Effect<void>
  }
>()("mpp-compute/payers/Payers") {
  /** Each payer in a Durable Object of its own, named by the address. */
  static layerDurable(namespace: DurableObjectNamespace<PayerObject>) {
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

  /** In memory: for tests, and gone with the process. */
  static readonly layerMemory = Layer.sync(Payers, () => {
    const payers = new Map<string, Attempts>()
    const attemptsOf = (payer: string) => {
      const attempts = payers.get(payer) ?? new Attempts()
      payers.set(payer, attempts)
      return attempts
    }
    const admit = ({ payer, id, budget }: AttemptId, step: "begin" | "keep") =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => failuresOf(attemptsOf(payer)[step](id, budget, now), budget))
    return Payers.of({
      begin: (attempt) => Effect.asVoid(admit(attempt, "begin")),
      keep: (attempt) => admit(attempt, "keep"),
      end: ({ payer, id }, how) => Effect.sync(() => attemptsOf(payer).end(id, how))
    })
  })
}

const unreachable = () =>
  new Busy({
    detail: "The service cannot look up its payers at this moment. Nothing was charged; try again.",
    retry_after: 5
  })

/** For agents, which read it literally: what is wrong, and when to come back. */
const failuresOf = (admission: Admission, budget: Budget): Effect.Effect<number, TooManyAttempts> => {
  const { refused, retryAfter, failures } = admission
  if (refused === null) return Effect.succeed(failures)
  const [what, state] =
    budget === "purchase" ? ["attempts to pay", "Nothing was charged."] : ["updates", "The deployment is as it was."]
  const why =
    refused === "failed"
      ? `${FAILURES_PER_HOUR} ${what} by this payer have failed within an hour.`
      : `Too many ${what} by this payer are in progress; send one after the other.`
  return Effect.fail(
    new TooManyAttempts({
      detail: `${why} ${state} Try again in ${retryAfter} seconds.`,
      charged: budget === "update",
      retry_after: retryAfter
    })
  )
}
