import { createHash, randomBytes } from "node:crypto"
import type { Terms, Verified } from "./Payment.ts"

/** Source files by their path, as the bundler takes them: relative, `/` between folders, no `.` or `..`. */
export type Files = Readonly<Record<string, string>>

/**
 * The gateway hands this to an order's object: a request that it decoded and a credential that it verified, both
 * without any I/O. Plain data: it crosses the object's boundary by structured clone.
 */
export interface PaidRequest {
  readonly terms: Terms
  readonly verified: Verified
  /** The key of the request's own `Idempotency-Key`, if it brought one: the challenge may be for another. */
  readonly idempotencyKey: RequestedKey | undefined
  readonly files: Files
}

/** The key that an `Idempotency-Key` stands for. */
export interface RequestedKey {
  readonly key: string
  /** Whether the header was a key in our own form: anybody can read one in a challenge, so it is no secret of the client's. */
  readonly readable: boolean
}

/** A deploy that is paid for. */
export interface DeployOrder extends PaidRequest {
  /** The name that was asked for, if any: it becomes the slug. */
  readonly name: string | null
}

/** An execution that is paid for: one file, which exports `run` or a default function. */
export interface ExecuteOrder extends PaidRequest {
  /** The input of the call, as the text of a JSON value; null for nothing. */
  readonly input: string | null
}

/** Newer code for a deployment, from somebody who has proved who it is. Plain data, like `DeployOrder`. */
export interface UpdateOrder {
  readonly id: string
  readonly terms: Terms
  readonly verified: Verified
  readonly files: Files
}

/** A paid deploy answers this: the body's four fields, and the value of `Payment-Receipt`. */
export interface Deployed {
  readonly url: string
  readonly deployment_id: string
  /** `2026-03-27T21:00:00Z`: UTC, no milliseconds. */
  readonly expires_at: string
  readonly ttl_hours: number
  readonly receipt: string
}

/** A paid execution answers this: the body, as the text of a JSON object, and the value of `Payment-Receipt`. */
export interface Executed {
  readonly execution_id: string
  readonly output: string
  readonly receipt: string
}

/** An order answers this once it is done. */
export type OrderResult = Deployed | Executed

/** A proof for an update names this: `update:` and the deployment's id. */
export const updateOf = (id: string): string => `update:${id}`

/** Where the state of a deployment can be read, relative to the gateway. */
export const statusPath = (id: string): string => `/deployments/${id}`

const keyPattern = /^(key|own)_[0-9a-f]{32}$/

const hashOf = (header: string): string => createHash("sha256").update(header).digest("hex").slice(0, 32)

/**
 * The key of a purchase. A client's `Idempotency-Key` is hashed (`own_…`), so that it may be anything and is never stored;
 * without one a random key is made (`key_…`). A key in our own form is taken as it is: so an answer can tell it to a client
 * that brought none.
 */
export const purchaseKey = (header: string | undefined): string => {
  if (header === undefined) return `key_${randomBytes(16).toString("hex")}`
  return keyPattern.test(header) ? header : `own_${hashOf(header)}`
}

/** The key of a request's `Idempotency-Key`. */
export const requestedKey = (header: string | undefined): RequestedKey | undefined =>
  header === undefined ? undefined : { key: purchaseKey(header), readable: keyPattern.test(header) }

/** Whether a key was chosen by a client, so that a challenge holds its hash alone. */
export const isOwnKey = (key: string): boolean => key.startsWith("own_")

/** The form that a key had in earlier releases, which did not distinguish clients' keys from random ones. */
export const earlierKey = (key: string): string => key.replace(/^own_/, "key_")

/** Unix milliseconds as `2026-03-27T21:00:00Z`. */
export const timestamp = (millis: number): string => new Date(millis).toISOString().replace(/\.\d{3}Z$/, "Z")
