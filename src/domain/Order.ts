import { createHash, randomBytes } from "node:crypto"
import type { Terms, Verified } from "./Payment.ts"

/** The content of a file: text, or bytes in base64 (RFC 4648, with padding). */
export type FileContent = string | { readonly base64: string }

/** Files by path, as the bundler takes them: relative paths, `/` between folders, no `.` or `..`. */
export type Files = Readonly<Record<string, FileContent>>

/** New contents of files by path. The others stay, and null removes a file. */
export type Changes = Readonly<Record<string, FileContent | null>>

/** The most secrets of a deployment. */
export const MAX_SECRETS = 64

/** Secrets by name. Neither logs nor answers have their values, and storage has them encrypted. */
export type Env = Readonly<Record<string, string>>

/**
 * The gateway hands this to an order's object: a request that it decoded and a credential that it verified, both without any
 * I/O. It is plain data because it crosses the object's boundary by structured clone.
 */
export interface Paid {
  readonly terms: Terms
  readonly verified: Verified
  /** The key from the request's `Idempotency-Key` header, if there was one. The challenge may be for another key. */
  readonly idempotencyKey: RequestedKey | undefined
}

/** A request with source that is paid for. */
export interface PaidRequest extends Paid {
  readonly files: Files
}

/** The key that an `Idempotency-Key` stands for. */
export interface RequestedKey {
  readonly key: string
  /**
   * Whether the header was a key in the gateway's own form. Such a key is no secret of the client, because every challenge
   * shows it.
   */
  readonly readable: boolean
}

/** A deploy that is paid for. */
export interface DeployOrder extends PaidRequest {
  /** The name that the client asked for, if any. It becomes the slug. */
  readonly name: string | null
  /** The secrets of the deployment. */
  readonly env?: Env
}

/** An execution that is paid for: one file, which exports `run` or a default function. */
export interface ExecuteOrder extends PaidRequest {
  /** The input of the call, as the text of a JSON value; null if there is none. */
  readonly input: string | null
}

/** A renewal that is paid for: more time for the deployment with this id. */
export interface RenewOrder extends Paid {
  readonly id: string
}

/** A renewal as its deployment knows it: its own id, its payment and the hours that it adds. */
export interface Renewal {
  readonly id: string
  readonly reference: string
  readonly hours: number
  /** The address that paid, dollars as a decimal string, and the token's address. A hold lacks them. */
  readonly payer?: string
  readonly price?: string
  readonly currency?: string
}

/** Asks the deployment `id` not to end while a renewal is being paid. */
export interface HoldRequest {
  readonly id: string
  readonly hold: Renewal & { readonly validBefore: number }
  /** The key with which the client can repeat the renewal. */
  readonly key: string
}

/** Tells the deployment `id` that a renewal is paid. */
export interface CommitRequest {
  readonly id: string
  readonly renewal: Renewal
}

/** Tells the deployment `id` that a renewal will never be paid. */
export interface ReleaseRequest {
  readonly id: string
  readonly renewalId: string
}

/** A request about a deployment. The client has proved who it is. Plain data, like `DeployOrder`. */
export interface ProvedRequest {
  readonly id: string
  readonly terms: Terms
  readonly verified: Verified
}

/** Newer code for a deployment. */
export interface UpdateOrder extends ProvedRequest {
  /** Null keeps the code as it is, apart from `changes`. */
  readonly files: Files | null
  readonly changes?: Changes
  /** The entity tags of which the present source must have one; `*` for any source. Absent for no condition. */
  readonly ifMatch?: ReadonlyArray<string> | "*"
  /** Secrets to add or to replace. All others stay. */
  readonly env?: Env
}

/** Whether the answer was given, or was ready to be given, before this call. A missing field means that it was not. */
interface Replay {
  readonly replayed?: boolean
}

/** A paid deploy answers this: the body's four fields, and the value of `Payment-Receipt`. */
export interface Deployed extends Replay {
  readonly url: string
  readonly deployment_id: string
  /** `2026-03-27T21:00:00Z`: UTC, no milliseconds. */
  readonly expires_at: string
  readonly ttl_hours: number
  readonly receipt: string
}

/** The body's four fields alone. */
export type DeployedFields = Omit<Deployed, "receipt" | "replayed">

/** A paid execution answers this: the body, as the text of a JSON object, and the value of `Payment-Receipt`. */
export interface Executed extends Replay {
  readonly execution_id: string
  readonly output: string
  readonly receipt: string
}

/** The answer to a delete: nothing serves at the deployment's URL any more. */
export interface Deleted {
  readonly deployment_id: string
  readonly status: "deleted"
}

/** Takes the deployment `id` down for the operator. */
export interface TakedownRequest {
  readonly id: string
  /** The operator's words. Its status and its key tell them to everybody. */
  readonly reason: string
}

/** The answer to a takedown. */
export interface TakenDown extends Deleted {
  /** The reason of the first takedown, which stays. */
  readonly taken_down: string
  /** Whether the host has confirmed that the project is gone. If not, the order asks it again by itself. */
  readonly confirmed: boolean
}

/** The source of a deployment as its payer reads it. */
export interface Source {
  /** The body of the answer: the text of a JSON object with `files`. */
  readonly body: string
  readonly etag: string
}

/** Where the log of a deployment is. */
export interface LogSource {
  /** The project at the host. */
  readonly projectId: string
  /** When the deployment ends, in unix milliseconds. */
  readonly endsAt: number
}

/** The result of a finished order. */
export type OrderResult = Deployed | Executed

/** The operations on a deployment that are free for its payer, who proves the address that paid. */
export type PayerOperation = "update" | "delete" | "files" | "logs"

/** The terms of a credential name this: the operation and the deployment's id. A proof for one thing does no other. */
export const operationOn = (operation: PayerOperation | "renew", id: string): string => `${operation}:${id}`

/** Where the state of a deployment can be read, relative to the gateway. */
export const statusPath = (id: string): string => `/deployments/${id}`

/** Where anybody can report a deployment, relative to the gateway. */
export const REPORTS_PATH = "/reports"

/** Sorts files by path, so that the same files make the same bundle and the same tag in whatever order they came. */
export const sortFiles = (files: Files): Files =>
  // fromEntries defines own properties. A file may be called __proto__.
  Object.fromEntries(Object.entries(files).toSorted(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)))

/** The entity tag (RFC 9110, 8.8.3) of a source: a strong one, because it changes with every byte. */
export const sourceTag = (files: Files): string =>
  `"${createHash("sha256")
    .update(JSON.stringify(Object.entries(sortFiles(files))))
    .digest("hex")}"`

const keyPattern = /^(key|own)_[0-9a-f]{32}$/

const hashOf = (header: string): string => createHash("sha256").update(header).digest("hex").slice(0, 32)

/**
 * Returns the key of a purchase. The gateway hashes a client's `Idempotency-Key` (`own_…`), so the client may choose any text
 * and no store keeps it. Without the header it makes a random key (`key_…`). It takes a key in its own form as it is, so that
 * an answer can tell the key to a client that sent none.
 */
export const purchaseKey = (header: string | undefined): string => {
  if (header === undefined) return `key_${randomBytes(16).toString("hex")}`
  return keyPattern.test(header) ? header : `own_${hashOf(header)}`
}

/** Returns the key of a request's `Idempotency-Key` header. */
export const requestedKey = (header: string | undefined): RequestedKey | undefined =>
  header === undefined ? undefined : { key: purchaseKey(header), readable: keyPattern.test(header) }

/** Whether a client chose the key. A challenge holds only the hash of such a key. */
export const isOwnKey = (key: string): boolean => key.startsWith("own_")

/** The form that a key had in earlier releases, which did not tell clients' keys from random ones. */
export const earlierKey = (key: string): string => key.replace(/^own_/, "key_")

/** Hours that are paid for, as whole milliseconds. */
export const hoursMs = (hours: number): number => Math.round(hours * 3_600_000)

/** Unix milliseconds as `2026-03-27T21:00:00Z`. */
export const timestamp = (millis: number): string => new Date(millis).toISOString().replace(/\.\d{3}Z$/, "Z")
