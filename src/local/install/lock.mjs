// @ts-check
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"

const WAIT_MS = 250

/** Whether the process still runs. */
const isAlive = (/** @type {number} */ pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM"
  }
}

/**
 * Installs while no other command does: two installations at once break each other. The file with the process's id stays if
 * the process is killed, and tells the next command that `node_modules` is incomplete: npm takes a half-extracted package for
 * a whole one, so everything is installed anew.
 *
 * @type {(root: string, install: () => void) => Promise<void>}
 */
export const alone = async (root, install) => {
  const modules = `${root}/node_modules`
  const lock = `${modules}/.installing`
  for (;;) {
    mkdirSync(modules, { recursive: true })
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" })
      break
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error
      const owner = Number(readOr(lock))
      if (owner > 0 && isAlive(owner)) await sleep(WAIT_MS)
      else rmSync(modules, { recursive: true, force: true })
    }
  }
  try {
    install()
  } finally {
    rmSync(lock, { force: true })
  }
}

/** The file's text; empty once it is gone. */
const readOr = (/** @type {string} */ file) => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}
