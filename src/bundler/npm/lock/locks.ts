import type { Lock } from "../types.ts"
import { NPM_LOCK, readNpmLock } from "./npm-lock.ts"
import { OWN_LOCK, readOwnLock, readOwnLockFile } from "./own-lock.ts"

/**
 * The lock of a build. The first of these that knows a version decides: the lock that is to be repeated, `mpp.lock.json`,
 * `package-lock.json`.
 *
 * @param given the lock of an earlier build.
 * @throws {PackageRefused} if one of them is malformed.
 */
export const readLocks = (files: ReadonlyMap<string, string>, given?: Readonly<Record<string, string>>): Lock => {
  const own = files.get(OWN_LOCK)
  const npm = files.get(NPM_LOCK)
  const locks = [
    ...(given === undefined ? [] : [readOwnLock(given)]),
    ...(own === undefined ? [] : [readOwnLockFile(own)]),
    ...(npm === undefined ? [] : [readNpmLock(npm)])
  ]
  return {
    find: (from, name, range) => {
      for (const lock of locks) {
        const locked = lock.find(from, name, range)
        if (locked !== undefined) return locked
      }
      return undefined
    }
  }
}
