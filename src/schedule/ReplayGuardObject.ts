import { DurableObject } from "cloudflare:workers"

/**
 * The storage behind `Claims`: an object that remembers which names were used, until it does not matter any more. The
 * storage API of an object is synchronous here, so a look-up and the claim after it cannot be torn apart.
 */
export class ReplayGuardObject extends DurableObject {
  /** Whether this name was not used before; from now on it was, until `until` (unix milliseconds). */
  async markUsed(name: string, until: number): Promise<boolean> {
    const { kv } = this.ctx.storage
    if (kv.get(name) !== undefined) return false
    kv.put(name, until)
    // Set to the latest: whatever is forgotten late was no trouble until then.
    await this.ctx.storage.setAlarm(until)
    return true
  }

  /** Forgets what is over. Names of which one is claimed later move the alarm, and are forgotten with that one. */
  override async alarm(): Promise<void> {
    const { kv } = this.ctx.storage
    const now = Date.now()
    const names = [...kv.list<number>()]
    for (const [name, until] of names) if (until <= now) kv.delete(name)
    const next = Math.max(...names.map(([, until]) => until))
    if (next > now) await this.ctx.storage.setAlarm(next)
  }
}
