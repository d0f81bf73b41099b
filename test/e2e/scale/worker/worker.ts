import { type DurableObject, env } from "cloudflare:workers"
import { uncounted } from "./bindings.ts"
import { countStorage, turnClock } from "./storage.ts"
import { during, forget, invoke, seen } from "./Tally.ts"
import worker, { Once, Order as OrderObject, Payer as PayerObject } from "../../../../src/worker.ts"

// The Worker as it is deployed, which counts what it calls, reads and writes. Nothing of this is in `src`.

type Class = new (state: DurableObjectState, bindings: Cloudflare.Env) => DurableObject<Cloudflare.Env>
type Call = (...values: ReadonlyArray<unknown>) => unknown

/** Counts the storage, the calls and the alarms of a class. Its own methods are for the test, and are not counted. */
const counting = <C extends Class>(Base: C, name: string): C => {
  const Counting = class extends (Base as Class) {
    readonly #ring: () => Promise<void>

    constructor(state: DurableObjectState, bindings: Cloudflare.Env) {
      const ring = countStorage(state.storage)
      const waitUntil = state.waitUntil.bind(state)
      Object.defineProperty(state, "waitUntil", { value: (work: Promise<unknown>) => waitUntil(during(work)) })
      super(state, bindings)
      this.#ring = ring
    }

    /** Lets the alarm ring now. */
    ring(): Promise<void> {
      return this.#ring()
    }

    /** The size of the object's database, in bytes. */
    size(): Promise<number> {
      return Promise.resolve(this.ctx.storage.sql.databaseSize)
    }

    /** Removes the object from memory. */
    evict(): void {
      this.ctx.abort("evicted by the test")
    }
  }
  for (let owner: object = Base.prototype; owner !== Object.prototype; owner = Object.getPrototypeOf(owner) as object) {
    for (const [method, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (typeof value !== "function" || Object.hasOwn(Counting.prototype, method)) continue
      Object.defineProperty(Counting.prototype, method, {
        value(this: { readonly ctx: DurableObjectState }, ...values: ReadonlyArray<unknown>) {
          return invoke(`${name} ${method}`, this.ctx.id.toString(), () => Reflect.apply(value as Call, this, values))
        }
      })
    }
  }
  return Counting as unknown as C
}

export { Once }

/** An order, counted. */
export class Order extends counting(OrderObject, "Order") {}

/** A payer's object, counted. */
export class Payer extends counting(PayerObject, "Payer") {}

interface Handle {
  readonly ring: () => Promise<void>
  readonly size: () => Promise<number>
  readonly evict: () => Promise<void>
}

/** Does what the test asks for. */
const control = async ({ pathname, searchParams }: URL): Promise<unknown> => {
  const namespace = searchParams.get("namespace") === "PAYERS" ? "PAYERS" : "ORDERS"
  const id = () => env[namespace].idFromString(searchParams.get("id") ?? "")
  const object = () => uncounted[namespace](id()) as Handle
  switch (pathname.split("/")[2]) {
    case "seen":
      return { ...seen(), operator: env.PAYERS.idFromName("operator").toString() }
    case "forget":
      return forget()
    case "turn":
      return turnClock(Number(searchParams.get("millis")))
    case "ring":
      return object().ring()
    case "size":
      return object().size()
    case "evict":
      return object()
        .evict()
        .catch(() => {})
    default:
      throw new Error(`there is no ${pathname}`)
  }
}

export default {
  fetch: async (request) => {
    const url = new URL(request.url)
    if (!url.pathname.startsWith("/counting/")) return invoke("gateway", undefined, () => worker.fetch(request))
    return Response.json((await control(url)) ?? null)
  },
  scheduled: () => invoke("sweep", undefined, () => worker.scheduled())
} satisfies ExportedHandler<Cloudflare.Env>
