import { PackageRefused } from "../errors.ts"
import type { Lock, Locked } from "../types.ts"
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
  const read = () => {
    const own = files.get(OWN_LOCK)
    const npm = files.get(NPM_LOCK)
    return {
      own: [...(given === undefined ? [] : [readOwnLock(given)]), ...(own === undefined ? [] : [readOwnLockFile(own)])],
      npm: npm === undefined ? undefined : readNpmLock(npm)
    }
  }
  let locks: ReturnType<typeof read> | undefined
  return {
    find: (from, name, range) => {
      const { own, npm } = (locks ??= read())
      for (const lock of own) {
        const locked = lock.find(from, name, range)
        if (locked !== undefined) return npm === undefined ? locked : placed(npm, locked, from, name, range)
      }
      return npm?.find(from, name, range)
    }
  }
}

/** Our lock knows no places. A repeat nevertheless has the same version twice where npm's lock has it at two places. */
const placed = (npm: Lock, locked: Locked, from: string, name: string, range: string): Locked => {
  try {
    // `a@1.0.0>b` is b for one importer.
    const there = npm.find(from, name.slice(name.lastIndexOf(">") + 1), range)
    const isSame = there?.name === locked.name && there.version === locked.version
    return isSame ? { ...locked, location: there.location } : locked
  } catch (error) {
    if (error instanceof PackageRefused) return locked
    throw error
  }
}
