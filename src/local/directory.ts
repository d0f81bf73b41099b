import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { removeInfo } from "./info.ts"

/** This file marks a directory of a stack. It holds the process id of the launcher that uses it, or 0. */
export const MARKER_FILE = ".mpp-compute-local"

/**
 * Makes `dir` a directory of this launcher, readable by its owner only, and returns its absolute path. It accepts only an
 * empty directory or one that an earlier stack left, because a mistyped LOCAL_DIR must not delete other files. It empties the
 * directory, unless the data is to be kept.
 *
 * @throws Error when the directory holds other files, or another running stack uses it.
 */
export const lockDirectory = (dir: string, { keep = false }: { readonly keep?: boolean } = {}): string => {
  const path = resolve(dir)
  const entries = existsSync(path) ? readdirSync(path) : []
  if (entries.length > 0) {
    if (!entries.includes(MARKER_FILE))
      throw new Error(
        `${path} holds files that are not of a local stack, so it is not emptied. ` +
          "Set LOCAL_DIR to another directory."
      )
    const owner = Number(readFileSync(join(path, MARKER_FILE), "utf8"))
    if (owner !== process.pid && isRunning(owner))
      throw new Error(
        `${path} is in use by the stack of process ${owner}. Stop that one first, or set LOCAL_DIR to another ` +
          "directory (and GATEWAY_PORT, SITES_PORT and CHAIN_PORT to other ports)."
      )
    // The marker is deleted last, so that a half-emptied directory is still recognized.
    for (const entry of entries.filter((entry) => !keep && entry !== MARKER_FILE))
      rmSync(join(path, entry), { recursive: true })
  }
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
  writeFileSync(join(path, MARKER_FILE), String(process.pid))
  for (const name of ["logs", "home", "tmp"]) mkdirSync(join(path, name), { recursive: true })
  return path
}

/** Marks the directory as unused. Its files stay, for inspection. */
export const releaseDirectory = (path: string): void => {
  removeInfo(path)
  if (existsSync(path)) writeFileSync(join(path, MARKER_FILE), "0")
}

const isRunning = (pid: number): boolean => {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM"
  }
}
