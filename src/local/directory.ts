import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { removeInfo } from "./info.ts"

/** The file by which a directory of ours is known; it holds the process id of the launcher that uses it. */
export const marker = ".mpp-compute-local"

/**
 * Makes `dir` an empty directory of this launcher, readable by its owner only, and returns its absolute path. Only an
 * empty directory or one that an earlier stack left is taken: a mistyped LOCAL_DIR never costs anybody their files.
 *
 * @throws Error when the directory is somebody else's, or another running stack's.
 */
export const claimDirectory = (dir: string): string => {
  const path = resolve(dir)
  const entries = existsSync(path) ? readdirSync(path) : []
  if (entries.length > 0) {
    if (!entries.includes(marker))
      throw new Error(
        `${path} holds files that no stack of ours left there, and is not going to be emptied. ` +
          "Set LOCAL_DIR to another directory."
      )
    const owner = Number(readFileSync(join(path, marker), "utf8"))
    if (owner !== process.pid && runs(owner))
      throw new Error(
        `${path} is in use by the stack of process ${owner}. Stop that one first, or set LOCAL_DIR to another ` +
          "directory (and GATEWAY_PORT, SITES_PORT and CHAIN_PORT to other ports)."
      )
    // The marker goes last, so that a directory half emptied is still known as ours.
    for (const entry of entries.filter((entry) => entry !== marker)) rmSync(join(path, entry), { recursive: true })
  }
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
  writeFileSync(join(path, marker), String(process.pid))
  for (const name of ["logs", "home", "tmp"]) mkdirSync(join(path, name))
  return path
}

/** Says that nobody uses the directory any more; what is in it stays, to be looked at. */
export const releaseDirectory = (path: string): void => {
  removeInfo(path)
  if (existsSync(path)) writeFileSync(join(path, marker), "0")
}

const runs = (pid: number): boolean => {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM"
  }
}
