import { DurableObject } from "cloudflare:workers"
import { type Admission, type Attempt, Attempts, type Budget, type End } from "./Attempts.ts"

/** Where the attempts are in the object's storage: one value, some 10 KB at most. */
const KEY = "attempts"

/**
 * The storage behind `Payers`: one object a payer. Every call is one synchronous step on an object that is one thread, so
 * that fifty at once do not all read "none". Storage is neither read nor written before something is built for the payer:
 * keys cost nothing to make, and one that owns nothing leaves nothing behind.
 */
export class PayerObject extends DurableObject {
  readonly #attempts = new Attempts()
  #restored = false
  /** Whether there is anything on disk, and an alarm that will take it away. */
  #onDisk = false

  /** Begins an attempt, as `Attempts.begin`. */
  async begin(id: string, budget: Budget): Promise<Admission> {
    const admission = this.#attempts.begin(id, budget, Date.now())
    this.#write()
    return admission
  }

  /** Keeps an attempt, as `Attempts.keep`. */
  async keep(id: string, budget: Budget): Promise<Admission> {
    this.#restore()
    const admission = this.#attempts.keep(id, budget, Date.now())
    this.#write()
    return admission
  }

  /** Ends an attempt, as `Attempts.end`. */
  async end(id: string, how: End): Promise<void> {
    // One that began in memory, and never came as far as a build, ends there.
    if (!this.#attempts.isLight(id)) this.#restore()
    this.#attempts.end(id, how)
    this.#write()
  }

  /** Forgets everything once nothing of it counts, and comes back for what was added since the alarm was set. */
  override async alarm(): Promise<void> {
    this.#restore()
    this.#write()
    if (this.#onDisk) await this.ctx.storage.setAlarm(Math.max(this.#attempts.until, Date.now() + 1_000))
  }

  #restore(): void {
    if (this.#restored) return
    this.#restored = true
    const stored = this.ctx.storage.kv.get<ReadonlyArray<Attempt>>(KEY)
    this.#onDisk = stored !== undefined
    this.#attempts.restore(stored ?? [])
  }

  // Nothing is awaited: an object's writes are one transaction with their alarm, and no answer leaves before they are on disk.
  #write(): void {
    if (!this.#restored) return
    const { storage } = this.ctx
    const stored = this.#attempts.stored(Date.now())
    if (stored.length > 0) {
      storage.kv.put(KEY, stored)
      if (!this.#onDisk) void storage.setAlarm(this.#attempts.until)
      this.#onDisk = true
    } else if (this.#onDisk) {
      void storage.deleteAlarm()
      void storage.deleteAll()
      this.#onDisk = false
    }
  }
}
