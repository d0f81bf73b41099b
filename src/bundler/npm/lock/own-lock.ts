import valid from "semver/functions/valid.js"
import { PackageRefused } from "../errors.ts"
import { isPackageName } from "../specifiers.ts"
import type { Lock, Locked } from "../types.ts"
import { readJsonFile } from "./json-file.ts"

/** The name of our own lock file. */
export const OWN_LOCK = "mpp.lock.json"

/** The most entries, and the longest. A build has at most 250 packages, each of which may be asked for in several ways. */
const MAX_ENTRIES = 10_000
const MAX_ENTRY = 1000

/** `zod@4.6.7 sha512-…`, the hash in the form of `integrity` in npm's locks. */
const ENTRY = /^([^\s]{1,214})@([^\s@]{1,256}) (sha(?:512|384|256|1)-[A-Za-z0-9+/]{27,86}={0,2})$/

const refuse = (key: string, text: string): PackageRefused =>
  new PackageRefused({
    code: "bad-lock",
    text: `The lock's entry ${JSON.stringify(key.slice(0, 200))} ${text}`,
    hint: 'An entry reads "zod@^4": "zod@4.6.7 sha512-…". Remove it, or take the lock of an earlier answer as it was.'
  })

const readEntry = (key: string, value: unknown): Locked => {
  if (!key.includes("@", 1)) throw refuse(key, "does not say which version was asked for")
  if (typeof value !== "string" || value.length > MAX_ENTRY) throw refuse(key, "is not a version with its hash")
  const [, name = "", version = "", integrity] = ENTRY.exec(value) ?? []
  if (!isPackageName(name) || valid(version) !== version) throw refuse(key, "is not a version with its hash")
  return { name, version, integrity, location: "" }
}

/**
 * Reads a lock that an earlier build answered: versions and hashes by what was asked for.
 *
 * @throws {PackageRefused} for an entry that is malformed; it names the entry.
 */
export const readOwnLock = (entries: Readonly<Record<string, unknown>>): Lock => {
  const list = Object.entries(entries)
  if (list.length > MAX_ENTRIES)
    throw new PackageRefused({
      code: "too-large",
      text: `The lock has more than ${MAX_ENTRIES} entries`,
      hint: "Leave it out."
    })
  const locked = new Map(list.map(([key, value]) => [key, readEntry(key, value)]))
  return { find: (_from, name, range) => locked.get(`${name}@${range}`) }
}

/** Reads our lock's file. */
export const readOwnLockFile = (source: string): Lock => readOwnLock(readJsonFile(OWN_LOCK, source))

/** Our lock as it is answered, sorted, so that the same versions make the same text. */
export const writeOwnLock = (entries: ReadonlyMap<string, string>): Readonly<Record<string, string>> =>
  Object.fromEntries([...entries].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
