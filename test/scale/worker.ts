import { env } from "cloudflare:workers"
import { parseId } from "../../src/domain/DeploymentId.ts"
import { timestamp } from "../../src/domain/Order.ts"
import { endsAt } from "../../src/orders/purchase/transitions.ts"
import worker, { Once, Order as OrderObject, Payer } from "../../src/worker.ts"

// The Worker as it is deployed, with a way to choose when deployments end. Nothing of this is in `src`.

export { Once, Payer }

/** When a deployment ends, in unix milliseconds. */
export interface End {
  readonly id: string
  readonly at: number
}

/** An order whose deployment ends when the test says. */
export class Order extends OrderObject {
  /** Moves the end of a live deployment that nothing else waits for: what it was bought for, and the alarm. */
  endAt({ id, at }: End): void {
    const { sql } = this.ctx.storage
    const moved =
      "UPDATE purchase SET due = ?, data = json_set(data, '$.answer.expires_at', ?) WHERE id = ? AND state = ?"
    const expires_at = timestamp(at)
    const due = endsAt({ id, answer: { expires_at } })
    const { rowsWritten } = sql.exec(moved, due, expires_at, id, "delivered")
    if (rowsWritten === 0) throw new Error(`${id} is not live`)
    void this.ctx.storage.setAlarm(due)
  }
}

/** Tells orders when their deployments end. */
const moveEnds = async (ends: ReadonlyArray<End>): Promise<void> => {
  const orders = env.ORDERS as unknown as DurableObjectNamespace<Order>
  for (const end of ends) await orders.get(orders.idFromName(parseId(end.id)?.order ?? "")).endAt(end)
}

export default {
  ...worker,
  /** `PUT /ends` takes a list of `End`. Everything else is the gateway's. */
  fetch: async (request) => {
    if (new URL(request.url).pathname !== "/ends") return worker.fetch(request)
    await moveEnds(await request.json<ReadonlyArray<End>>())
    return new Response(null, { status: 204 })
  }
} satisfies ExportedHandler<Cloudflare.Env>
