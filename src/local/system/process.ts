import { spawn } from "node:child_process"
import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from "node:fs"
import type { Socket } from "node:net"
import { poll } from "./poll.ts"

/** A child process and its descendants: one process group, which ends as a whole. */
export interface Child {
  readonly name: string
  readonly pid: number
  /** The file of its output, which begins after `logStart` bytes of earlier children. */
  readonly log: string
  readonly logStart: number
  /** Resolves with a sentence when the process ends without `stop`. Never rejects. */
  readonly crashed: Promise<string>
  /**
   * Sends SIGTERM to the group, and SIGKILL after `graceMs` (2000; 0 kills at once). Resolves when no process of the group
   * runs.
   */
  readonly stop: (graceMs?: number) => Promise<void>
}

/** The command, and the log file of its output (appended, readable by its owner only). */
export interface ChildOptions {
  readonly name: string
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly log: string
}

/** Writes command-line flags by name: `{ port: 1 }` is `--port 1`. */
export const flags = (values: Readonly<Record<string, string | number>>): ReadonlyArray<string> =>
  Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)])

/** Starts a child as the leader of its own process group, so that Ctrl-C in the terminal reaches the launcher alone. */
export const spawnGroup = async (options: ChildOptions): Promise<Child> => {
  const output = openSync(options.log, "a", 0o600)
  const logStart = fstatSync(output).size
  const leader = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ["ignore", output, output]
  })
  closeSync(output)
  await new Promise<void>((resolve, reject) => leader.once("spawn", resolve).once("error", reject))
  const pid = leader.pid as number
  const watcher = watchGroup(pid)
  let stopping = false
  let crash: (how: string) => void
  const crashed = new Promise<string>((resolve) => (crash = resolve))
  const exited = new Promise<void>((resolve) =>
    leader.once("exit", (code, signal) => {
      // Other processes of the group must not outlive the leader.
      signalGroup(pid, "SIGKILL")
      watcher.release()
      if (!stopping) crash(`The ${options.name} process ended by itself (${signal ?? `exit code ${code}`}).`)
      resolve()
    })
  )
  return {
    name: options.name,
    pid,
    log: options.log,
    logStart,
    crashed,
    stop: async (graceMs = 2000) => {
      stopping = true
      if (graceMs > 0) {
        signalGroup(pid, "SIGTERM")
        await poll(() => !groupRuns(pid), graceMs)
      }
      signalGroup(pid, "SIGKILL")
      await Promise.all([exited, watcher.released(), poll(() => !groupRuns(pid), 5000)])
    }
  }
}

/**
 * Starts a shell that waits until the launcher's end of a pipe closes, and then kills the group. The kernel closes the pipe
 * when the launcher ends, even by SIGKILL, so no process is orphaned.
 */
const watchGroup = (pid: number): GroupWatcher => {
  const shell = spawn("sh", ["-c", 'read -r never; kill -KILL "-$0"', String(pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"]
  })
  shell.unref()
  ;(shell.stdin as Socket).unref()
  const gone = new Promise((resolve) => shell.once("exit", resolve).once("error", resolve))
  return {
    release: () => shell.kill("SIGKILL"),
    released: () => {
      // From now on the caller may wait only for this shell.
      shell.ref()
      return gone
    }
  }
}

interface GroupWatcher {
  /** Ends the watch. The caller must call this when the group has ended, because the system may reuse its id. */
  readonly release: () => void
  readonly released: () => Promise<unknown>
}

const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal)
  } catch {
    // The error is ESRCH: the whole group has ended.
  }
}

/** Whether a process of the group runs. Zombies do not count, although kill(2) still finds them. */
export const groupRuns = (pid: number): boolean => {
  try {
    process.kill(-pid, 0)
  } catch {
    return false
  }
  if (process.platform !== "linux") return true
  return readdirSync("/proc").some((entry) => {
    if (!/^\d+$/.test(entry)) return false
    try {
      // "pid (command) state ppid pgrp …"; the command may contain blanks and parentheses.
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8")
      const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
      return group === String(pid) && state !== "Z"
    } catch {
      return false
    }
  })
}
