import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import type { Built } from "./built.ts"

/** The bindings of a Worker. */
export interface Bindings {
  readonly vars?: Readonly<Record<string, string>>
  /** Class names by binding. */
  readonly objects?: Readonly<Record<string, string>>
  /** KV namespaces, which exist and never answer anything but an error. */
  readonly kv?: ReadonlyArray<string>
  /** The folder that keeps the objects' storage; without one it is in memory, and has no SQL. */
  readonly disk?: string
  /** Where it can fetch from; by default every fetch fails at once. */
  readonly reaches?: "this machine"
}

/** A workerd process of its own that serves one Worker. */
export interface Running {
  readonly port: number
  /** Milliseconds of CPU that the process has used so far, user and system, all threads; in steps of 10. */
  readonly cpu: () => number
  readonly memory: () => number
  readonly stop: () => Promise<void>
}

const text = (value: string) => JSON.stringify(value)

const configOf = ({ modules }: Built, { vars = {}, objects = {}, kv = [], disk, reaches }: Bindings) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = [${reaches === undefined ? "" : text("local")}])),
    ${disk === undefined ? "" : `(name = "disk", disk = (path = ${text(disk)}, writable = true)),`}
    (name = "nothing", external = (address = "127.0.0.1:1", http = ()))
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const main :Workerd.Worker = (
  modules = [${modules.map((name) => `(name = ${text(name)}, ${name.endsWith(".wasm") ? "wasm" : "esModule"} = embed ${text(name)})`).join(", ")}],
  compatibilityDate = "2026-07-01",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [${[
    ...Object.entries(vars).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ...Object.entries(objects).map(([name, of]) => `(name = ${text(name)}, durableObjectNamespace = ${text(of)})`),
    ...kv.map((name) => `(name = ${text(name)}, kvNamespace = "nothing")`)
  ].join(", ")}],
  durableObjectNamespaces = [${Object.values(objects)
    .map((of) => `(className = ${text(of)}, uniqueKey = ${text(of)}, enableSql = true)`)
    .join(", ")}],
  durableObjectStorage = (${disk === undefined ? "inMemory = void" : 'localDisk = "disk"'})
);
`

const workerd = resolve("node_modules/workerd/bin/workerd")

let prepared = 0

/**
 * Compiles a Worker's configuration with its modules, as wrangler hands it to workerd. To read 14 MB of wasm as text would take
 * 45 ms that no Worker's start takes.
 *
 * @returns the path of the file that `startWorkerd` serves, beside the modules.
 */
export const prepare = (built: Built, bindings: Bindings): string => {
  const path = join(built.folder, `config-${prepared++}`)
  writeFileSync(`${path}.capnp`, configOf(built, bindings))
  writeFileSync(path, execFileSync(workerd, ["compile", "--config-only", `${path}.capnp`], { maxBuffer: 2 ** 28 }))
  return path
}

/** Starts workerd itself, without a tool in between or a log to read. */
export const startWorkerd = async (path: string): Promise<Running> => {
  const child = spawn(workerd, ["serve", "--binary", path, "--control-fd=3"], {
    // The Worker writes its log, as on the platform, and nothing reads it.
    stdio: ["ignore", "ignore", "ignore", "pipe"]
  })
  const pid = child.pid
  if (pid === undefined) throw new Error("workerd did not start")
  const port = await listening(child)
  return {
    port,
    cpu: () => {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ")
      return (Number(fields[11]) + Number(fields[12])) * 10
    },
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, "exit")
      child.kill("SIGKILL")
      await gone
    }
  }
}

/** The port, once workerd says it on its control channel. */
const listening = (child: ChildProcess): Promise<number> =>
  new Promise((found, reject) => {
    let said = ""
    child.once("exit", (code) => reject(new Error(`workerd ended with ${code} before it listened`)))
    child.stdio[3]?.on("data", (chunk: Buffer) => {
      said += chunk.toString()
      const [, port] = /"event":"listen","socket":"http","port":(\d+)/.exec(said) ?? []
      if (port !== undefined) found(Number(port))
    })
  })
