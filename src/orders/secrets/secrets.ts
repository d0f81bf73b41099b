import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { setting, type Settings } from "../../config.ts"
import { parseId } from "../../domain/DeploymentId.ts"
import type { Env } from "../../domain/Order.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { open, orderKey, seal, type Sealed } from "./seal.ts"

/** Encrypts the secrets of a request for the order with this name. Nothing is needed of the settings if there are none. */
export const sealSecrets = Effect.fnUntraced(function* (
  order: string,
  env: Env
): Effect.fn.Return<Sealed, never, Settings> {
  const entries = Object.entries(env)
  if (entries.length === 0) return {}
  const key = yield* keyOf(order)
  return Object.fromEntries(entries.map(([name, value]) => [name, seal(key, name, value)]))
})

/**
 * Decrypts the newest secrets of a deployment, for an upload or a start check: those that are live, and those of an update in
 * progress instead. A secret that cannot be decrypted is a defect: `MPP_SECRET_KEY` has changed since the payer sent it.
 *
 * @param newer values that replace stored ones, which then are not decrypted.
 */
export const openSecrets = Effect.fnUntraced(function* (
  id: string,
  newer: Env = {}
): Effect.fn.Return<Env, never, PurchaseStore | Settings> {
  const entries = Object.entries((yield* PurchaseStore).secrets(id)).filter(([name]) => !Object.hasOwn(newer, name))
  if (entries.length === 0) return newer
  const key = yield* keyOf(orderOf(id))
  const opened = yield* Effect.forEach(entries, ([name, sealed]) =>
    Effect.try({ try: () => [name, open(key, name, sealed)] as const, catch: () => unreadable(name) })
  ).pipe(Effect.orDie)
  return { ...Object.fromEntries(opened), ...newer }
})

/** The name of the order that a deployment belongs to. */
export const orderOf = (id: string): string => parseId(id)?.order ?? id

const keyOf = (order: string) =>
  Effect.map(setting("MPP_SECRET_KEY"), (secret) => orderKey(Redacted.value(secret), order))

const unreadable = (name: string) =>
  new Error(`env.${name} cannot be decrypted: MPP_SECRET_KEY has changed since the payer sent it`)
