import { env } from "cloudflare:workers"
import type { Aim } from "../points/aim.ts"
import {
  aimedPayer,
  aroundAwait,
  countIndex,
  countWrites,
  isAimedAt,
  notePayment,
  passedPoints,
  takeAim
} from "./points.ts"
import worker, { Once, Order as OrderObject, Payer as PayerObject } from "../../../src/worker.ts"
import type {
  CommitRequest,
  HoldRequest,
  ProvedRequest,
  ReleaseRequest,
  RenewOrder
} from "../../../src/domain/Order.ts"

// The Worker as it is deployed, with points at which the fault tests stop its process. Nothing of this is in `src`.

countIndex(env.EXPIRY)

/** The switch that takes the hold out: a deployment grants a renewal, and does not wait for its payment. */
const isHoldless = (env as unknown as { readonly WITHOUT_HOLD?: string }).WITHOUT_HOLD === "on"

export { Once }

/** A payer's object with points around each call of it, whatever calls there will be. */
export class Payer extends PayerObject {
  static {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(PayerObject.prototype))) {
      if (name === "constructor" || name === "alarm") continue
      const call = value as (...values: ReadonlyArray<unknown>) => Promise<unknown>
      Object.defineProperty(Payer.prototype, name, {
        value(this: Payer, ...values: ReadonlyArray<unknown>) {
          const payer = aimedPayer()
          const counts = payer !== undefined && env.PAYERS.idFromName(payer).equals(this.ctx.id)
          const answer = () => Reflect.apply(call, this, values) as Promise<unknown>
          return counts ? aroundAwait(`the payer's ${name}`, answer) : answer()
        }
      })
    }
  }
}

/** An order with points around each of its writes, and around each call of a deployment by its renewal. */
export class Order extends OrderObject {
  readonly #part: { role?: "renewal" | "deployment" }

  constructor(state: DurableObjectState, bindings: Cloudflare.Env) {
    const part: { role?: "renewal" | "deployment" } = {}
    countWrites(state.storage, () => part.role)
    super(state, bindings)
    this.#part = part
  }

  /** Puts points around a call, if it is about the deployment that the points are counted for. */
  #counted<A>(role: "renewal" | "deployment", name: string, id: string, call: () => Promise<A>): Promise<A> {
    if (!isAimedAt(id)) return call()
    this.#part.role = role
    return aroundAwait(`the call of ${name}`, call)
  }

  override renew(order: RenewOrder) {
    return this.#counted("renewal", "renew", order.id, () => super.renew(order))
  }
  override async hold(request: HoldRequest) {
    if (isAimedAt(request.id)) notePayment(request.hold.reference)
    const granted = await this.#counted("deployment", "hold", request.id, () => super.hold(request))
    if (isHoldless) await super.release({ id: request.id, renewalId: request.hold.id })
    return granted
  }
  override commit(request: CommitRequest) {
    return this.#counted("deployment", "commit", request.id, () => super.commit(request))
  }
  override release(request: ReleaseRequest) {
    return this.#counted("deployment", "release", request.id, () => super.release(request))
  }
  override remove(request: ProvedRequest) {
    return this.#counted("deployment", "remove", request.id, () => super.remove(request))
  }
}

export default {
  ...worker,
  /** `PUT /points` takes aim, and `GET /points` answers the points since. Everything else is the gateway's. */
  fetch: async (request) => {
    if (new URL(request.url).pathname !== "/points") return worker.fetch(request)
    if (request.method === "PUT") takeAim(await request.json<Aim>())
    return Response.json(passedPoints())
  }
} satisfies ExportedHandler<Cloudflare.Env>
