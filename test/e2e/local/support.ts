import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { strToU8, zipSync } from "fflate"

/** A directory that is deleted after the test: `using dir = temporaryDirectory()`, or dispose of it by hand. */
export const temporaryDirectory = (): { readonly path: string } & Disposable => {
  const path = mkdtempSync(join(tmpdir(), "mpp-compute-test-"))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** A gateway that answers its settings. Returns the path of its configuration, which is JSON with comments. */
export const writeGateway = (dir: string, source = gateway): string => {
  writeFileSync(join(dir, "worker.ts"), source)
  writeFileSync(
    join(dir, "wrangler.jsonc"),
    `{
      // A comment, and a string that looks like one.
      "name": "test-gateway", "main": "./worker.ts", "compatibility_date": "2026-07-01", /* another */
      "kv_namespaces": [{ "binding": "EXPIRY" }],
      "durable_objects": { "bindings": [{ "name": "ORDERS", "class_name": "Order" }] },
      "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Order"] }],
      "worker_loaders": [{ "binding": "LOADER" }],
      "vars": { "HOME_PAGE": "https://example.com//x", },
    }`
  )
  return join(dir, "wrangler.jsonc")
}

const gateway = `
import { DurableObject } from "cloudflare:workers"
export class Order extends DurableObject {
  async count() {
    const n = ((await this.ctx.storage.get("n")) ?? 0) + 1
    await this.ctx.storage.put("n", n)
    return n
  }
}
export default {
  async fetch(request, env) {
    switch (new URL(request.url).pathname) {
      case "/health": return Response.json({ configured: true })
      case "/settings": return Response.json({ ...env, EXPIRY: undefined, ORDERS: undefined, LOADER: undefined, RUNNER: undefined })
      case "/count":
        await env.EXPIRY.put("n", String(await env.ORDERS.get(env.ORDERS.idFromName("one")).count()))
        return new Response(await env.EXPIRY.get("n"))
      case "/check":
        return env.RUNNER.check(await request.json(), "serve").then(Response.json, (cause) => new Response(String(cause), { status: 503 }))
    }
    return new Response("not found", { status: 404 })
  }
}
`

/** The parts of an upload in Jack's form. `manifest` is merged into a valid one. */
export const uploadForm = (files: Readonly<Record<string, string>>, manifest: object = {}): FormData => {
  const form = new FormData()
  const whole = { version: 1, entrypoint: "index.js", compatibility_date: "2026-07-01", ...manifest }
  form.set("manifest", new File([JSON.stringify(whole)], "manifest.json", { type: "application/json" }))
  const zip = zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])))
  form.set("bundle", new File([new Uint8Array(zip)], "bundle.zip", { type: "application/zip" }))
  return form
}

/** A client of a control plane: sends each body as JSON, and a form as a form. */
export const controlPlaneClient =
  (url: string, token: string) =>
  async (method: string, path: string, body?: unknown): Promise<Reply> => {
    const form = body instanceof FormData
    const response = await fetch(`${url}/v1/${path}`, {
      method,
      // A kept connection would be the one that a restart has closed.
      headers: {
        connection: "close",
        authorization: `Bearer ${token}`,
        ...(form ? {} : { "content-type": "application/json" })
      },
      ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) })
    })
    const text = await response.text()
    const json = response.headers.get("content-type")?.startsWith("application/json")
    return { status: response.status, json: (json ? JSON.parse(text) : {}) as Body, text }
  }

/** An answer. `json` is empty if the body is text. */
export interface Reply {
  readonly status: number
  readonly json: Body
  readonly text: string
}

/** Every field of any answer. A missing field reads as undefined, which no assertion here accepts. */
export interface Body extends Row {
  readonly error: string
  readonly message: string
  readonly details: ReadonlyArray<string>
  readonly url: string
  readonly project: Row
  readonly projects: ReadonlyArray<Row>
  readonly resources: unknown
  readonly deployment: Row
  readonly user: { readonly username: string }
}

interface Row {
  readonly id: string
  readonly name: string
  readonly slug: string
  readonly status: string
  readonly tags: unknown
  readonly org_id: string
  readonly created_at: string
  readonly updated_at: string
}

/** A process as `ps` shows it. */
interface Process {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** Lists this machine's processes without zombies, because those are only exit codes of ended processes. */
const processes = (): ReadonlyArray<Process> =>
  spawnSync("ps", ["-A", "-ww", "-o", "pid=,ppid=,stat=,command="], { encoding: "utf8" })
    .stdout.split("\n")
    .flatMap((line) => {
      const [, pid, parent, state, command = ""] = /^ *(\d+) +(\d+) +(\S+) +(.*)$/.exec(line) ?? []
      const gone = state === undefined || state.startsWith("Z") || command.startsWith("ps ")
      return gone ? [] : [{ pid: Number(pid), parent: Number(parent), command }]
    })

/** Returns the processes that a process has started, and those that they have started. */
export const descendants = (pid: number, all = processes()): ReadonlyArray<Process> =>
  all.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...descendants(child.pid, all)])

/** Returns those of the given processes that still run. */
export const survivors = (of: ReadonlyArray<Process>): ReadonlyArray<Process> => {
  const now = processes()
  return of.filter(({ pid, command }) => now.some((process) => process.pid === pid && process.command === command))
}

/** A Worker's module whose handler has this body; `url` is the URL of the request. */
export const answering = (body: string) =>
  `export default { fetch(request) { const url = new URL(request.url); ${body} } }`
