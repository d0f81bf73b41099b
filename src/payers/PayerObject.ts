import { DurableObject } from "cloudflare:workers"
import { type LimitCheck, type Attempt, Attempts, type Budget, type AttemptEnd } from "./Attempts.ts"

/** The storage key of the attempts: one value, some 10 KB at most. */
const KEY = "attempts"

/**
 * The storage behind `Payers`: one object for each payer. Every call is one synchronous step of a single-threaded object, so
 * that fifty simultaneous calls do not all read "none". The object reads and writes no storage before the gateway builds
 * something for the payer. Keys are free to make, so a payer without money leaves nothing on disk.
 */
export class PayerObject extends DurableObject {
  readonly #attempts = new Attempts()
  #restored = false
  /** Whether the object has data on disk, and an alarm that deletes it. */
  #onDisk = false

  /** Begins an attempt, as `Attempts.begin`. */
  async begin(id: string, budget: Budget): Promise<LimitCheck> {
    const check = this.#attempts.begin(id, budget, Date.now())
    this.#write()
    return check
  }

  /** Keeps an attempt, as `Attempts.keep`. */
  async keep(id: string, budget: Budget): Promise<LimitCheck> {
    this.#restore()
    const check = this.#attempts.keep(id, budget, Date.now())
    this.#write()
    return check
  }

  /** Ends an attempt, as `Attempts.end`. */
  async end(id: string, how: AttemptEnd): Promise<void> {
    // An attempt without a build is in memory only and ends there.
    if (!this.#attempts.isUnpersisted(id)) this.#restore()
    this.#attempts.end(id, how)
    this.#write()
  }

  /** Deletes everything once no attempt counts, and sets the next alarm for attempts that were added later. */
  override async alarm(): Promise<void> {
    this.#restore()
    this.#write()
    if (this.#onDisk) await this.ctx.storage.setAlarm(Math.max(this.#attempts.expiresAt, Date.now() + 1_000))
  }

  #restore(): void {
    if (this.#restored) return
    this.#restored = true
    const stored = this.ctx.storage.kv.get<ReadonlyArray<Attempt>>(KEY)
    this.#onDisk = stored !== undefined
    this.#attempts.restore(stored ?? [])
  }

  // This does not await: an object's writes and its alarm are one transaction, and no answer leaves before they are on disk.
  #write(): void {
    if (!this.#restored) return
    const { storage } = this.ctx
    const stored = this.#attempts.stored(Date.now())
    if (stored.length > 0) {
      storage.kv.put(KEY, stored)
      if (!this.#onDisk) void storage.setAlarm(this.#attempts.expiresAt)
      this.#onDisk = true
    } else if (this.#onDisk) {
      void storage.deleteAlarm()
      void storage.deleteAll()
      this.#onDisk = false
    }
  }
}
