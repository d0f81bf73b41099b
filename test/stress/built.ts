import { execFileSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { convertV4MiniflareOptions, Miniflare } from "miniflare"

/** Sources by path. */
export type Files = Readonly<Record<string, string>>

/** The answer of the test Worker. */
export interface Answer {
  readonly status: number
  readonly code?: string
  readonly diagnostics?: ReadonlyArray<{ readonly file: string; readonly text: string }>
  readonly busy?: true
  readonly defect?: string
}

type Hosts = (url: URL) => Promise<Response> | Response

type V4 = Parameters<typeof convertV4MiniflareOptions>[0]

const modulesOf = (folder: string) =>
  readdirSync(folder)
    .filter((name) => /\.(js|wasm)$/.test(name))
    // The entry comes first in the list.
    .toSorted((a, b) => Number(b.endsWith(".js")) - Number(a.endsWith(".js")))
    .map((name) => ({
      type: name.endsWith(".wasm") ? ("CompiledWasm" as const) : ("ESModule" as const),
      path: join(folder, name),
      contents: readFileSync(join(folder, name)) as Uint8Array
    }))

/**
 * Builds a Worker as it is deployed, and runs it in workerd itself.
 *
 * @param hosts answers every fetch of the Worker, so that nothing leaves the machine.
 */
export const startBuilt = async (config: string, hosts: Hosts, more: Partial<V4> = {}) => {
  const folder = mkdtempSync(join(tmpdir(), "stress-"))
  execFileSync(
    process.execPath,
    ["node_modules/wrangler/bin/wrangler.js", "deploy", "--dry-run", "--outdir", folder, "--config", config],
    {
      stdio: "pipe",
      env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" }
    }
  )
  const before = new Set(workerds())
  const options = {
    modules: modulesOf(folder),
    modulesRoot: folder,
    compatibilityDate: "2026-07-01",
    compatibilityFlags: ["nodejs_compat"],
    host: "127.0.0.1",
    port: 0,
    cf: false,
    outboundService: (request: { readonly url: string }) => hosts(new URL(request.url)),
    ...more
  }
  const miniflare = new Miniflare(convertV4MiniflareOptions(options as unknown as V4))
  const url = await miniflare.ready
  const pid = workerds().find((it) => !before.has(it)) ?? 0

  const post = async (files: Files): Promise<Answer> => {
    const response = await fetch(url, { method: "POST", body: JSON.stringify({ files }) })
    return { status: response.status, ...((await response.json()) as object) }
  }

  /** Sends a build and resets the connection after some milliseconds. */
  const reset = (files: Files, afterMs: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify({ files })
      const socket: Socket = connect(Number(url.port), url.hostname, () => {
        socket.write(
          `POST / HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
        )
        setTimeout(() => {
          socket.resetAndDestroy()
          resolve()
        }, afterMs)
      })
      socket.on("error", reject)
    })

  return {
    url,
    pid,
    post,
    reset,
    /** A KV namespace of the Worker, by its binding. */
    kv: (binding: string) => miniflare.getKVNamespace(binding),
    /** Resident memory of workerd, in MB. */
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024,
    /** The most resident memory of workerd while something happens, in MB. */
    peakDuring: async (work: () => Promise<unknown>): Promise<number> => {
      writeFileSync(`/proc/${pid}/clear_refs`, "5")
      await work()
      return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024
    },
    stop: async () => {
      await miniflare.dispose()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** The workerd processes that this process started. */
const workerds = (): ReadonlyArray<number> =>
  readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8")
      const [, comm, parent] = /^\d+ \((.*)\) \w (\d+)/.exec(stat) ?? []
      return comm === "workerd" && Number(parent) === process.pid ? [Number(name)] : []
    } catch {
      // The process has ended meanwhile.
      return []
    }
  })
