import * as Context from "effect/Context"
import type * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { Diagnostic } from "../../bundler/index.ts"
import type { Upload } from "../../control-plane/ControlPlaneClient.ts"
import type { Delivered, Deployed } from "../../domain/Order.ts"
import type { OrderError, UpdateError } from "../rpc.ts"
import { Purchase, Verdict } from "./Purchase.ts"

/** How long a verdict on a body stands, in milliseconds: a later version of the service may judge otherwise. */
export const verdictMillis = 3_600_000

/** Somebody who is being served: under which key, with which challenge, and where the outcome will be. */
export interface Serving {
  readonly key: string
  readonly challengeId: string
  readonly outcome: Deferred.Deferred<Delivered, OrderError>
}

/** An update that is being served: for which body, answering which challenge (none after a crash), and where the outcome will be. */
export interface Updating {
  readonly body: string
  readonly key: string
  readonly challengeId: string | null
  readonly outcome: Deferred.Deferred<Deployed, UpdateError>
}

/** An upload, and what the compiler warned of; stored by earlier versions without the latter. */
export interface Build extends Upload {
  readonly warnings?: ReadonlyArray<Diagnostic>
  /** The source map of what is to be run, for the stack of an error. */
  readonly map?: string
}

/** A run that is owed: what is run, and with what, as the text of a JSON value (null for nothing). */
export interface Task extends Build {
  readonly input: string | null
}

/** A run's result: the body of its answer. */
export interface Output {
  readonly output: string
}

/** The ledger keeps a purchase's goods until it delivers them, and then the result of a run. */
export type Goods = Build | Task | Output

/**
 * The book of one order: its purchases and what they need to be finished. Everything is synchronous on purpose: an order's
 * object is one thread, so a look-up and the claim that follows from it cannot be torn apart.
 */
export class Ledger extends Context.Service<
  Ledger,
  {
    /** The order serves these requests now, by key: memory only. When the process ends, so does the serving. */
    readonly serving: Map<string, Serving>
    /** The updates that are being served, by deployment id: memory only, likewise. */
    readonly updating: Map<string, Updating>
    /** The purchase that a key stands for; failed ones have given theirs back. */
    readonly byKey: (key: string) => Purchase | undefined
    /** The purchase that a challenge was answered by. */
    readonly byChallenge: (challengeId: string) => Purchase | undefined
    readonly byId: (id: string) => Purchase | undefined
    /** A purchase whose money has moved, or may have, and whose payer has had nothing for it yet. */
    readonly owed: () => Purchase | undefined
    /** Purchases whose time to be looked at has come. `now` in unix milliseconds. */
    readonly due: (now: number) => ReadonlyArray<Purchase>
    /** Writes the first state of a purchase, its claims, what it delivers and the alarm, in one transaction. */
    readonly begin: (purchase: Purchase, goods: Goods) => void
    /** Replaces what is kept beside a purchase, and writes its next state and the alarm, in one transaction. */
    readonly amend: (purchase: Purchase, goods: Goods) => void
    /** Forgets a purchase and its claims. An order that has no other one left forgets everything. */
    readonly forget: (id: string) => void
    /** Writes a purchase's next state, and sets the alarm to the earliest `due`. */
    readonly save: (purchase: Purchase) => void
    /** Returns a purchase's goods. */
    readonly goods: (id: string) => Goods | undefined
    /** From now on this key and this challenge stand for that purchase, and never for another. */
    readonly bind: (key: string, challengeId: string, id: string) => void
    readonly verdict: () => Verdict | undefined
    /** Keeps a verdict, and sets the alarm to when it no longer stands. */
    readonly judge: (verdict: Verdict) => void
    /** Forgets the verdict. An order that has no purchase forgets everything. */
    readonly acquit: () => void
  }
>()("mpp-compute/deploy/Ledger") {
  /** For tests, and for orders that need no object: gone with the process. */
  static readonly layerMemory = Layer.sync(Ledger, () => {
    const purchases = new Map<string, Purchase>()
    const goods = new Map<string, Goods>()
    const keys = new Map<string, string>()
    const challenges = new Map<string, string>()
    let verdict: Verdict | undefined
    const standing = (id: string | undefined) => {
      const purchase = purchases.get(id ?? "")
      return purchase?.state === "failed" ? undefined : purchase
    }
    const bind = (key: string, challengeId: string, id: string) => {
      if (standing(keys.get(key)) === undefined) keys.set(key, id)
      if (standing(challenges.get(challengeId)) === undefined) challenges.set(challengeId, id)
    }
    const save = (purchase: Purchase) => {
      purchases.set(purchase.id, purchase)
      if (!keepsGoods(purchase)) goods.delete(purchase.id)
    }
    return Ledger.of({
      serving: new Map(),
      updating: new Map(),
      byKey: (key) => standing(keys.get(key)),
      byChallenge: (challengeId) => standing(challenges.get(challengeId)),
      byId: (id) => purchases.get(id),
      owed: () => [...purchases.values()].find(isOwed),
      due: (now) => [...purchases.values()].filter(({ due }) => due !== null && due <= now),
      save,
      begin: (purchase, value) => {
        goods.set(purchase.id, value)
        save(purchase)
        bind(purchase.key, purchase.challengeId, purchase.id)
      },
      amend: (purchase, value) => {
        goods.set(purchase.id, value)
        save(purchase)
      },
      forget: (id) => {
        purchases.delete(id)
        goods.delete(id)
        for (const claims of [keys, challenges]) {
          for (const [name, purchase] of claims) if (purchase === id) claims.delete(name)
        }
        if ([...purchases.values()].some(({ state }) => state !== "failed")) return
        for (const rows of [purchases, goods, keys, challenges]) rows.clear()
        verdict = undefined
      },
      goods: (id) => goods.get(id),
      bind,
      verdict: () => verdict,
      judge: (value) => void (verdict = value),
      acquit: () => void (verdict = undefined)
    })
  })
}

/** Whether there is something to do for a purchase: until it is done, or known to be unpaid; and for an update of it until that is. */
export const isOpen = ({ state, update }: Purchase): boolean =>
  state === "capturing" || state === "captured" || update !== null

/** Whether what is beside a purchase is still needed: to do it, or to answer what it came to. */
export const keepsGoods = (purchase: Purchase): boolean =>
  isOpen(purchase) || (purchase.operation === "execute" && purchase.state === "delivered")

/** Whether a payer has had nothing yet for what was, or may have been, paid. */
const isOwed = ({ state, answered }: Purchase): boolean =>
  state === "capturing" || state === "captured" || (state === "delivered" && !answered)

/** Writes a purchase's first state, and what it delivers. */
export const begin = (purchase: Purchase, goods: Goods): Effect.Effect<Purchase, never, Ledger> =>
  Effect.flatMap(Ledger, (ledger) => {
    ledger.begin(purchase, goods)
    return Effect.as(logStep(null, purchase), purchase)
  })

/** Writes a purchase's next state together with what it came to, and goes on with it. */
export const conclude = (purchase: Purchase, goods: Output): Effect.Effect<Purchase, never, Ledger> =>
  Effect.flatMap(Ledger, (ledger) => {
    const from = ledger.byId(purchase.id)?.state
    ledger.amend(purchase, goods)
    return Effect.as(logStep(from ?? null, purchase), purchase)
  })

/** Writes a purchase's next state, and goes on with it. */
export const save = (purchase: Purchase): Effect.Effect<Purchase, never, Ledger> =>
  Effect.flatMap(Ledger, (ledger) => {
    const from = ledger.byId(purchase.id)?.state
    ledger.save(purchase)
    return from === purchase.state ? Effect.succeed(purchase) : Effect.as(logStep(from ?? null, purchase), purchase)
  })

/** One line of the log for each step of an order: what happened to whom, and nothing that could be spent. */
const logStep = (from: Purchase["state"] | null, { id, state, authorization, placement, failure }: Purchase) =>
  Effect.annotateLogs(Effect.logInfo("order"), {
    deployment_id: id,
    from,
    to: state,
    reference: authorization.reference,
    ...(placement?.projectId != null && { project_id: placement.projectId }),
    ...(state === "failed" && failure !== null && { failure: failure.detail })
  })

/** A purchase as the text that storage keeps. */
export const PurchaseText = Schema.fromJsonString(Purchase)
/** A verdict as the text that storage keeps. */
export const VerdictText = Schema.fromJsonString(Verdict)
