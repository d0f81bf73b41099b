import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { setting, type Settings } from "../../config.ts"
import { parseId } from "../../domain/DeploymentId.ts"
import type { Env } from "../../domain/Order.ts"
import { PurchaseStore } from "../purchase/PurchaseStore.ts"
import { open, orderKey, seal, type Sealed } from "./seal.ts"

/** Stored secrets cannot be decrypted: `MPP_SECRET_KEY` has changed since the payer sent them. Their payer has to send them again. */
export class SecretsUnreadable extends Schema.TaggedError<SecretsUnreadable>()("SecretsUnreadable", {
  /** Their names: `env.API_KEY, env.TOKEN`. */
  names: Schema.String
}) {}

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
 * progress instead.
 *
 * @param newer values that replace stored ones, which then are not decrypted.
 */
export const openSecrets = Effect.fnUntraced(function* (
  id: string,
  newer: Env = {}
): Effect.fn.Return<Env, SecretsUnreadable, PurchaseStore | Settings> {
  const entries = Object.entries((yield* PurchaseStore).secrets(id)).filter(([name]) => !Object.hasOwn(newer, name))
  if (entries.length === 0) return newer
  const key = yield* keyOf(orderOf(id))
  const opened: Record<string, string> = {}
  const unreadable: Array<string> = []
  for (const [name, sealed] of entries) {
    const value = yield* Effect.option(Effect.try(() => open(key, name, sealed)))
    if (Option.isSome(value)) opened[name] = value.value
    else unreadable.push(`env.${name}`)
  }
  if (unreadable.length === 0) return { ...opened, ...newer }
  const names = unreadable.join(", ")
  yield* Effect.logError("secrets cannot be decrypted: MPP_SECRET_KEY has changed since the payer sent them", id, names)
  return yield* new SecretsUnreadable({ names })
})

/** The name of the order that a deployment belongs to. */
export const orderOf = (id: string): string => parseId(id)?.order ?? id

const keyOf = (order: string) =>
  Effect.map(setting("MPP_SECRET_KEY"), (secret) => orderKey(Redacted.value(secret), order))
