import { DurableObject } from "cloudflare:workers"

/**
 * The storage behind `ReplayGuard`: an object that stores used names until they expire. An object's storage API is synchronous
 * here, so no other call runs between the read and the write.
 */
export class ReplayGuardObject extends DurableObject {
  /** Marks a name as used until `until` (unix milliseconds), and answers whether it was unused before. */
  async markUsed(name: string, until: number): Promise<boolean> {
    const { kv } = this.ctx.storage
    if (kv.get(name) !== undefined) return false
    kv.put(name, until)
    // The alarm is at the latest expiry, because a late delete of other names does no harm.
    await this.ctx.storage.setAlarm(until)
    return true
  }

  /** Deletes expired names. Each newly used name moves the alarm to a later time. */
  override async alarm(): Promise<void> {
    const { kv } = this.ctx.storage
    const now = Date.now()
    const names = [...kv.list<number>()]
    for (const [name, until] of names) if (until <= now) kv.delete(name)
    const next = Math.max(...names.map(([, until]) => until))
    if (next > now) await this.ctx.storage.setAlarm(next)
  }
}
