import { execFile } from "node:child_process"
import { appendFileSync, readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { convertV4MiniflareOptions, Miniflare } from "miniflare"
import { withoutComments } from "../../../src/bundler/project/jsonc.ts"
import { startReplaceable } from "./replaceable.ts"
import { choosePorts } from "../../../src/local/system/ports.ts"
import { wranglerEnvironment } from "../../../src/local/system/wrangler.ts"

const project = fileURLToPath(new URL("../../..", import.meta.url))

/** The Worker as it would be deployed, in Miniflare. */
export interface Bare {
  readonly url: string
  /** SIGKILL to its workerd. */
  readonly kill: () => void
  /** Another workerd, on the same storage and the same port. */
  readonly revive: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Where a Worker comes from, and what it is called. */
export interface BareOptions {
  readonly dir: string
  /** The folder of the built Worker. */
  readonly out: string
  /** Its variables, the gateway's settings among them. */
  readonly settings: Readonly<Record<string, string>>
  /** The name of its log and of the folder of its storage. */
  readonly name: string
  /** Receives each line that it logs. */
  readonly onLog?: (line: string) => void
}

/** Builds the Worker as `wrangler deploy` does, or another Worker with the same configuration, and returns the folder. */
export const buildBare = async (dir: string, name: string, main?: string): Promise<string> => {
  const out = join(dir, name)
  const wrangler = join(dirname(createRequire(import.meta.url).resolve("wrangler/package.json")), "bin/wrangler.js")
  const entry = main === undefined ? [] : [main]
  await promisify(execFile)(process.execPath, [wrangler, "deploy", ...entry, "--dry-run", "--outdir", out], {
    cwd: project,
    env: wranglerEnvironment(join(dir, "local"))
  }).catch(({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) => {
    throw new Error(`the Worker does not build:\n${stdout}${stderr}`)
  })
  return out
}

/**
 * Runs a built Worker in Miniflare with its storage below `dir`. It notices a client that disconnects, as in production, and a
 * killed process is back in half a second.
 */
export const startBare = async ({ dir, out, settings, name, onLog = () => {} }: BareOptions): Promise<Bare> => {
  const config = JSON.parse(withoutComments(readFileSync(join(project, "wrangler.jsonc"), "utf8"))) as {
    compatibility_date: string
    compatibility_flags: Array<string>
    vars?: Readonly<Record<string, string>>
    kv_namespaces: ReadonlyArray<{ binding: string }>
    durable_objects: { bindings: ReadonlyArray<{ name: string; class_name: string }> }
  }
  const { port } = await choosePorts({ port: 0 })
  const modules = readdirSync(out).filter((file) => /\.(js|wasm)$/.test(file))
  const scripts = modules.filter((file) => file.endsWith(".js"))
  // The log is among those of the stack, which are searched for secrets.
  const log = join(dir, "local", "logs", `${name}.log`)
  const runtime = await startReplaceable(
    () =>
      new Miniflare(
        convertV4MiniflareOptions({
          name: "gateway",
          host: "127.0.0.1",
          port,
          compatibilityDate: config.compatibility_date,
          compatibilityFlags: config.compatibility_flags,
          rootPath: out,
          modulesRoot: out,
          modules: [...new Set([...scripts, ...modules])].map((file) => ({
            type: file.endsWith(".wasm") ? ("CompiledWasm" as const) : ("ESModule" as const),
            path: join(out, file)
          })),
          kvNamespaces: config.kv_namespaces.map(({ binding }) => binding),
          durableObjects: Object.fromEntries(
            config.durable_objects.bindings.map(({ name: binding, class_name: className }) => [
              binding,
              { className, useSQLite: true }
            ])
          ),
          resourcePersistencePath: join(dir, name),
          // The lines of the log are read from the process itself.
          handleStructuredLogs: () => {},
          bindings: { ...config.vars, ...settings }
        })
      ),
    (line) => {
      appendFileSync(log, `${line}\n`)
      onLog(line)
    }
  )
  return {
    url: `http://127.0.0.1:${port}`,
    kill: runtime.kill,
    revive: runtime.replace,
    stop: runtime.stop
  }
}
