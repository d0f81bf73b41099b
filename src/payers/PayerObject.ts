import { DurableObject } from "cloudflare:workers"
import type { Notice } from "../domain/Status.ts"
import { type LimitCheck, type Attempt, Attempts, type Budget, type AttemptEnd } from "./Attempts.ts"
import { makeDeploymentsSql } from "./DeploymentsSql.ts"
import type { DeploymentPage } from "./page.ts"
import { makeProofsMemory, makeProofsSql } from "./proofs.ts"
import type { WantedPlace } from "./Payers.ts"
import type { Full } from "./refusals.ts"
import { type Reservation, Reservations } from "./Reservations.ts"
import { makeSwitchesSql, type PayerSwitches, type SalesState } from "./SwitchesSql.ts"

/** The storage key of the attempts: one value, some 10 KB at most. */
const KEY = "attempts"
/** The storage key of the places of purchases that are being made. */
const PLACES = "places"

/**
 * The storage behind `Payers`: one object for each payer. Every call is one synchronous step of a single-threaded object, so
 * that fifty simultaneous calls do not all read "none". It has parts with one alarm: the attempts, the deployments, the places of
 * deployments to come, and the proofs that were spent to list them. One reserved object has the operator's switches instead. The
 * object reads and writes no storage before the gateway builds something for the payer, or lists deployments. Keys are free to make,
 * so a payer without money leaves nothing on disk.
 */
export class PayerObject extends DurableObject {
  readonly #attempts = new Attempts()
  #restored = false
  /** Whether attempts are on disk. */
  #stored = false
  readonly #places = new Reservations()
  /** Whether places are on disk. */
  #placesStored = false
  readonly #deployments = makeDeploymentsSql(this.ctx.storage.sql)
  readonly #proofs = makeProofsSql(this.ctx.storage.sql)
  /** The proofs of a payer without deployments, who learns nothing by them. */
  readonly #emptyProofs = makeProofsMemory()
  readonly #switches = makeSwitchesSql(this.ctx.storage.sql)
  /** When the alarm rings, as far as this instance knows, in unix milliseconds. It may ring too early, and never too late. */
  #alarmAt = Infinity

  /** Begins an attempt, as `Attempts.begin`, and takes the place for it. Without a place left (`full`) it does not begin. */
  async begin(id: string, budget: Budget, place?: WantedPlace): Promise<LimitCheck & { readonly full: Full | null }> {
    const now = Date.now()
    const check = this.#attempts.begin(id, budget, now)
    const full = check.refused === null && place !== undefined ? this.#takePlace(place, now) : null
    if (full !== null) this.#attempts.end(id, "forgotten")
    this.#write()
    return { ...check, full }
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

  /** Gives a place back, as `Payers.release`. */
  async release(id: string): Promise<void> {
    this.#restore()
    if (this.#places.delete(id)) this.#write()
  }

  /** Takes a notice of a deployment, as `Payers.record`. Its place is taken over. */
  async record(notice: Notice): Promise<void> {
    this.#restore()
    this.#deployments.record(notice, Date.now())
    if (this.#places.delete(notice.id)) this.#write()
    this.#setAlarm()
  }

  /** Spends a proof and lists deployments, as `Payers.list`; null for a proof that was spent before. */
  async list(challengeId: string, cursor?: string): Promise<DeploymentPage | null> {
    const page = this.#deployments.page(cursor)
    const now = Date.now()
    if (this.#deployments.isEmpty()) return this.#emptyProofs.spend(challengeId, now) ? page : null
    if (!this.#emptyProofs.spend(challengeId, now) || !this.#proofs.spend(challengeId, now)) return null
    this.#setAlarm()
    return page
  }

  /** A page for the operator, as `Payers.deployments`. */
  async page(cursor?: string): Promise<DeploymentPage> {
    return this.#deployments.page(cursor)
  }

  /** The operator's switches, in the reserved object alone: those of one payer, as `Payers.requireSale`. */
  async switchesOf(address: string): Promise<PayerSwitches> {
    return this.#switches.of(address)
  }

  /** All of them, as `Payers.state`. */
  async salesState(): Promise<SalesState> {
    return this.#switches.state()
  }

  /** As `Payers.deny`. */
  async deny(address: string, reason: string): Promise<void> {
    this.#switches.deny(address, reason, Date.now())
  }

  /** As `Payers.allow`. */
  async allow(address: string): Promise<void> {
    this.#switches.allow(address)
  }

  /** As `Payers.pause`. */
  async pause(reason: string): Promise<void> {
    this.#switches.pause(reason, Date.now())
  }

  /** As `Payers.resume`. */
  async resume(): Promise<void> {
    this.#switches.resume()
  }

  /** Drops what is over, deletes everything once no part has anything, and sets the next alarm. */
  override async alarm(): Promise<void> {
    const now = Date.now()
    this.#alarmAt = Infinity
    this.#deployments.prune(now)
    this.#proofs.prune(now)
    this.#restore()
    this.#write()
    this.#setAlarm(now + 1_000)
  }

  #takePlace({ id, max }: WantedPlace, now: number): Full | null {
    this.#restore()
    const { count, endsAt } = this.#deployments.live()
    if (count + this.#places.all(now).length >= max) return { endsAt }
    this.#places.add(id, now)
    return null
  }

  #restore(): void {
    if (this.#restored) return
    this.#restored = true
    const stored = this.ctx.storage.kv.get<ReadonlyArray<Attempt>>(KEY)
    this.#stored = stored !== undefined
    this.#attempts.restore(stored ?? [])
    const places = this.ctx.storage.kv.get<ReadonlyArray<Reservation>>(PLACES)
    this.#placesStored = places !== undefined
    this.#places.restore(places ?? [])
  }

  // This does not await: an object's writes and its alarm are one transaction, and no answer leaves before they are on disk.
  #write(): void {
    if (!this.#restored) return
    const { kv } = this.ctx.storage
    const now = Date.now()
    const before = this.#stored || this.#placesStored
    const stored = this.#attempts.stored(now)
    // A payer without a build leaves nothing on disk, so its places end with the process.
    const places = stored.length > 0 || this.#placesStored ? this.#places.all(now) : []
    if (stored.length > 0) kv.put(KEY, stored)
    else if (this.#stored) kv.delete(KEY)
    if (places.length > 0) kv.put(PLACES, places)
    else if (this.#placesStored) kv.delete(PLACES)
    this.#stored = stored.length > 0
    this.#placesStored = places.length > 0
    if (before || this.#stored || this.#placesStored) this.#setAlarm()
  }

  /** Sets the alarm to the next time at which a part has something to drop, at `from` at the earliest. */
  #setAlarm(from = 0): void {
    const { storage } = this.ctx
    this.#restore()
    const attempts = this.#stored ? this.#attempts.expiresAt : undefined
    const places = this.#placesStored ? this.#places.all(0).map(([, until]) => until) : []
    const dues = [attempts, ...places, this.#deployments.due(), this.#proofs.expiry()].filter(
      (due) => due !== undefined
    )
    if (dues.length === 0 && this.#deployments.isEmpty() && this.#switches.isEmpty()) {
      void storage.deleteAlarm()
      void storage.deleteAll()
      this.#deployments.forget()
      this.#proofs.forget()
      this.#alarmAt = Infinity
    } else if (dues.length > 0) {
      const next = Math.max(Math.min(...dues), from)
      if (next >= this.#alarmAt) return
      void storage.setAlarm(next)
      this.#alarmAt = next
    }
  }
}
