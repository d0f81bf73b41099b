import type { Lock } from "../types.ts"
import { NPM_LOCK, readNpmLock } from "./npm-lock.ts"
import { OWN_LOCK, readOwnLock, readOwnLockFile } from "./own-lock.ts"

/**
 * The lock of a build. The first of these that knows a version decides: the lock that is to be repeated, `mpp.lock.json`,
 * `package-lock.json`. They are read when the first package is looked for, because a program without packages needs none.
 * `find` throws `PackageRefused` if one of them is malformed.
 *
 * @param given the lock of an earlier build.
 */
export const readLocks = (files: ReadonlyMap<string, string>, given?: Readonly<Record<string, string>>): Lock => {
  const read = (): ReadonlyArray<Lock> => {
    const own = files.get(OWN_LOCK)
    const npm = files.get(NPM_LOCK)
    return [
      ...(given === undefined ? [] : [readOwnLock(given)]),
      ...(own === undefined ? [] : [readOwnLockFile(own)]),
      ...(npm === undefined ? [] : [readNpmLock(npm)])
    ]
  }
  let locks: ReadonlyArray<Lock> | undefined
  return {
    find: (from, name, range) => {
      locks ??= read()
      for (const lock of locks) {
        const locked = lock.find(from, name, range)
        if (locked !== undefined) return locked
      }
      return undefined
    }
  }
}
