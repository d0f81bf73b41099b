import { strToU8, zipSync } from "fflate"
import type { Stack } from "../../src/local/stack.ts"
import { filesOf, type Outcome, type Program } from "./programs.ts"
import { startOnline } from "./start-worker.ts"

interface Bundled {
  readonly mainModule?: string
  readonly modules?: Readonly<Record<string, string | { readonly js?: string; readonly cjs?: string }>>
  readonly error?: string
}

/** A bundle by the peer, served by the same host as ours. */
export interface PeerResult {
  readonly outcome: Outcome
  /** Milliseconds from the source to the live site. */
  readonly ms: number
}

/**
 * The peer in workerd, with the same registry: it bundles the same files, and the same local host checks and serves its modules.
 * It takes no payment.
 */
export const startPeer = async (stack: Pick<Stack, "info">, registry: string) => {
  const { controlPlane, controlPlaneToken } = stack.info
  const worker = await startOnline("test/npm/peer/wrangler.jsonc", registry)

  const bundle = async (program: Program): Promise<Bundled> => {
    const body = { files: filesOf(program), entryPoint: program.file, registry: registry.replace(/\/$/, "") }
    const response = await fetch(worker.url, {
      method: "POST",
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(120_000)
    })
    return (await response.json()) as Bundled
  }

  const call = async (path: string, body: FormData | string) => {
    const headers = {
      authorization: `Bearer ${controlPlaneToken}`,
      ...(typeof body === "string" && { "content-type": "application/json" })
    }
    const response = await fetch(`${controlPlane}/v1/${path}`, { method: "POST", body, headers })
    return (await response.json()) as {
      readonly project?: { readonly id: string }
      readonly url?: string
      readonly message?: string | null
    }
  }

  const serve = async (name: string, { mainModule = "", modules = {} }: Bundled): Promise<Outcome> => {
    const { project, url = "", message } = await call("projects", JSON.stringify({ name }))
    if (project === undefined) throw new Error(`The control plane made no project: ${message}`)
    const form = new FormData()
    const manifest = {
      version: 1,
      entrypoint: mainModule,
      compatibility_date: "2026-07-01",
      compatibility_flags: ["nodejs_compat"],
      module_format: "esm"
    }
    const files = Object.entries(modules).map(([path, module]) => {
      const text = typeof module === "string" ? module : (module.js ?? module.cjs ?? "")
      return [path, strToU8(text)] as const
    })
    form.append("manifest", new Blob([JSON.stringify(manifest)]), "manifest.json")
    form.append("bundle", new Blob([zipSync(Object.fromEntries(files)) as Uint8Array<ArrayBuffer>]), "bundle.zip")
    const uploaded = await call(`projects/${project.id}/deployments/upload`, form)
    if (uploaded.message != null) return { refused: true, reason: uploaded.message }
    const response = await fetch(url, { signal: AbortSignal.timeout(20_000) })
    return { refused: false, answer: await response.text() }
  }

  let count = 0
  return {
    run: async (program: Program): Promise<PeerResult> => {
      const since = performance.now()
      const outcome = await bundle(program)
        .then((bundled): Outcome | Promise<Outcome> =>
          bundled.error === undefined
            ? serve(`peer${++count}`, bundled)
            : { refused: true as const, reason: bundled.error }
        )
        .catch((cause: unknown): Outcome => ({ refused: false, answer: String(cause) }))
      return { outcome, ms: performance.now() - since }
    },
    stop: worker.stop
  }
}
