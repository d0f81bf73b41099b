import { spawnSync } from "node:child_process"
import { appendFileSync, readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { convertV4MiniflareOptions, Miniflare } from "miniflare"
import { withoutComments } from "../../src/bundler/project/jsonc.ts"
import { choosePorts } from "../../src/local/system/ports.ts"
import type { Settings } from "../../src/local/settings.ts"
import { wranglerEnvironment } from "../../src/local/system/wrangler.ts"

const project = fileURLToPath(new URL("../..", import.meta.url))

/** The Worker as it would be deployed, in Miniflare. */
export interface Bare {
  readonly url: string
  /** SIGKILL to its workerd. */
  readonly kill: () => void
  /** Another workerd, on the same storage and the same port. */
  readonly revive: () => Promise<void>
  readonly stop: () => Promise<void>
}

/**
 * Builds the Worker as `wrangler deploy` does, and runs it in Miniflare with its storage below `dir`. It notices a client that
 * disconnects, as in production, and a killed process is back within a second.
 */
export const startBare = async (dir: string, settings: Settings): Promise<Bare> => {
  const out = join(dir, "built")
  const wrangler = join(dirname(createRequire(import.meta.url).resolve("wrangler/package.json")), "bin/wrangler.js")
  const build = spawnSync(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", out], {
    cwd: project,
    env: wranglerEnvironment(join(dir, "local")),
    encoding: "utf8"
  })
  if (build.status !== 0) throw new Error(`the Worker does not build:\n${build.stdout}${build.stderr}`)

  const config = JSON.parse(withoutComments(readFileSync(join(project, "wrangler.jsonc"), "utf8"))) as {
    compatibility_date: string
    compatibility_flags: Array<string>
    vars?: Readonly<Record<string, string>>
    kv_namespaces: ReadonlyArray<{ binding: string }>
    durable_objects: { bindings: ReadonlyArray<{ name: string; class_name: string }> }
  }
  const { port } = await choosePorts({ port: 0 })
  const modules = readdirSync(out).filter((name) => /\.(js|wasm)$/.test(name))
  const scripts = modules.filter((name) => name.endsWith(".js"))
  // The log is among those of the stack, which are searched for secrets.
  const log = join(dir, "local", "logs", "bare.log")
  const start = async () => {
    const before = new Set(workerds())
    const worker = new Miniflare(
      convertV4MiniflareOptions({
        name: "gateway",
        host: "127.0.0.1",
        port,
        compatibilityDate: config.compatibility_date,
        compatibilityFlags: config.compatibility_flags,
        rootPath: out,
        modulesRoot: out,
        modules: [...new Set([...scripts, ...modules])].map((name) => ({
          type: name.endsWith(".wasm") ? ("CompiledWasm" as const) : ("ESModule" as const),
          path: join(out, name)
        })),
        kvNamespaces: config.kv_namespaces.map(({ binding }) => binding),
        durableObjects: Object.fromEntries(
          config.durable_objects.bindings.map(({ name, class_name: className }) => [
            name,
            { className, useSQLite: true }
          ])
        ),
        resourcePersistencePath: join(dir, "bare"),
        handleStructuredLogs: ({ message }) => appendFileSync(log, `${message}\n`),
        bindings: { ...config.vars, ...settings }
      })
    )
    await worker.ready
    return { worker, pids: workerds().filter((pid) => !before.has(pid)) }
  }
  let running = await start()
  return {
    url: `http://127.0.0.1:${port}`,
    kill: () => {
      for (const pid of running.pids) process.kill(pid, "SIGKILL")
    },
    revive: async () => {
      await running.worker.dispose().catch(() => {})
      running = await start()
    },
    stop: () => running.worker.dispose()
  }
}

/** Returns the workerd processes that this process has started. The stack's have another parent. */
const workerds = (): ReadonlyArray<number> =>
  spawnSync("ps", ["-A", "-ww", "-o", "pid=,ppid=,command="], { encoding: "utf8" })
    .stdout.split("\n")
    .flatMap((line) => {
      const [, pid, parent, command = ""] = /^ *(\d+) +(\d+) +(.*)$/.exec(line) ?? []
      return Number(parent) === process.pid && command.includes("workerd") ? [Number(pid)] : []
    })
