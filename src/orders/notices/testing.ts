import type { Purchase } from "../purchase/Purchase.ts"
import { isListed, noticeOf, type Outbox, statusDigest } from "./Outbox.ts"

interface Row {
  readonly seq: number
  readonly digest: string
  readonly attempts: number
  readonly due: number | null
}

/** Makes an outbox in memory. New notices are sent at once, because no alarm rings here. */
export const makeOutboxMemory = (byId: (id: string) => Purchase | undefined, onNotice: () => void) => {
  const rows = new Map<string, Row>()
  const change = (id: string, over: (row: Row) => Partial<Row>) => {
    const row = rows.get(id)
    if (row !== undefined) rows.set(id, { ...row, ...over(row) })
  }
  const outbox: Outbox = {
    next: (now) => {
      const [found] = [...rows].filter(([, { attempts, due }]) => due !== null && (attempts === 0 || due <= now))
      return found && { id: found[0], attempts: found[1].attempts }
    },
    read: (id) => {
      const [row, purchase] = [rows.get(id), byId(id)]
      return row?.due == null || purchase === undefined ? undefined : noticeOf(purchase, row.seq)
    },
    trying: (id, due) => change(id, ({ attempts }) => ({ attempts: attempts + 1, due })),
    taken: (id, seq) => change(id, (row) => (row.seq === seq ? { due: null } : {})),
    isPending: (id) => rows.get(id)?.due != null
  }
  return {
    outbox,
    write: (purchase: Purchase) => {
      const digest = statusDigest(purchase)
      const row = rows.get(purchase.id)
      if (!isListed(purchase) || row?.digest === digest) return
      rows.set(purchase.id, { seq: (row?.seq ?? 0) + 1, digest, attempts: 0, due: 0 })
      onNotice()
    },
    hasOthers: (id: string): boolean => [...rows].some(([other, { due }]) => other !== id && due !== null),
    delete: (id: string) => void rows.delete(id),
    forget: () => rows.clear()
  }
}
