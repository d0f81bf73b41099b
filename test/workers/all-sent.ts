import { runInDurableObject } from "cloudflare:test"
import type { OrderObject } from "../../src/orders/OrderObject.ts"

/** Whether an order has notices that its payer's object has not taken. */
export const hasUnsent = (object: DurableObjectStub<OrderObject>): Promise<boolean> =>
  runInDurableObject(object, (_order, { storage: { sql } }) => {
    const made = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'outbox'").toArray().length > 0
    return made && sql.exec("SELECT 1 FROM outbox WHERE due IS NOT NULL").toArray().length > 0
  })

/** Waits until the payer's object knows all of an order, because until then the order's alarm is that of the message. */
export const allSent = async (object: DurableObjectStub<OrderObject>): Promise<void> => {
  while (await hasUnsent(object)) await new Promise((resolve) => setTimeout(resolve, 5))
}
