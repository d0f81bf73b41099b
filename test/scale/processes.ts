import { readdirSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Stack } from "../../src/local/stack.ts"

/** A process of this machine. */
interface Process {
  readonly pid: number
  readonly comm: string
  readonly cwd: string
  /** Seconds of CPU so far. */
  readonly cpu: number
}

const CLOCK_TICKS = 100

const readProcess = (pid: number): ReadonlyArray<Process> => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    const [, comm = "", rest = ""] = /^\d+ \((.*)\) \w (.*)$/s.exec(stat) ?? []
    const fields = rest.split(" ").map(Number)
    const cpu = ((fields[10] ?? 0) + (fields[11] ?? 0)) / CLOCK_TICKS
    return [{ pid, comm, cwd: readlinkSync(`/proc/${pid}/cwd`), cpu }]
  } catch {
    // The process has ended meanwhile.
    return []
  }
}

const processes = (): ReadonlyArray<Process> =>
  readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? readProcess(Number(name)) : []))

/** The process of the gateway's workerd: the memory that it occupies, in MB. */
export interface GatewayProcess {
  readonly pid: number
  readonly resident: () => number
  /** The most since `resetMost` or the start. */
  readonly most: () => number
  readonly resetMost: () => void
}

/** Finds the process of the stack's gateway. */
export const gatewayProcess = ({ dir }: Pick<Stack, "dir">): GatewayProcess => {
  const folder = realpathSync(join(dir, "gateway"))
  const [found, ...others] = processes().filter(({ comm, cwd }) => comm === "workerd" && cwd === folder)
  if (found === undefined || others.length > 0) throw new Error(`not one process of workerd runs in ${folder}`)
  const { pid } = found
  const read = (name: string) => {
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    return Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 102.4) / 10
  }
  return {
    pid,
    resident: () => read("VmRSS"),
    most: () => read("VmHWM"),
    resetMost: () => writeFileSync(`/proc/${pid}/clear_refs`, "5")
  }
}

/** Returns the seconds of CPU so far of each part of a stack. `test` has the clients, the control plane and the chain's RPC server. */
export const cpuOf = ({ dir }: Pick<Stack, "dir">): Readonly<Record<string, number>> => {
  const all = processes()
  const [own, gateway, hosting] = ["", "gateway", "hosting"].map((name) => realpathSync(join(dir, name)))
  const sum = (isPart: (one: Process) => boolean) =>
    Math.round(all.filter(isPart).reduce((sum, { cpu }) => sum + cpu, 0) * 100) / 100
  return {
    gateway: sum(({ comm, cwd }) => comm === "workerd" && cwd === gateway),
    "gateway's Miniflare": sum(({ comm, cwd }) => comm !== "workerd" && cwd === gateway),
    sites: sum(({ comm, cwd }) => comm === "workerd" && cwd === hosting),
    "sites' front": sum(({ comm, cwd }) => comm !== "workerd" && cwd === hosting),
    chain: sum(({ cwd }) => cwd === own),
    test: sum(({ pid }) => pid === process.pid)
  }
}

/** Returns the difference of two readings of `cpuOf`, in seconds. */
export const cpuSince = (before: Readonly<Record<string, number>>, stack: Pick<Stack, "dir">) =>
  Object.fromEntries(
    Object.entries(cpuOf(stack)).map(([part, cpu]) => [part, Math.round((cpu - (before[part] ?? 0)) * 100) / 100])
  )
