import { waitUntil } from "cloudflare:workers"
import { createWorker } from "@cloudflare/worker-bundler"
import type { BuildOptions, Plugin } from "esbuild-wasm"
import * as stock from "esbuild-wasm/lib/browser.js"
import published from "esbuild-wasm/esbuild.wasm"
import { compile } from "../../src/bundler/compiler/compile.ts"
import { createBundler } from "../../src/bundler/index.ts"
import type { Instance } from "../../src/bundler/compiler/instance.ts"
import { startWarm } from "../../src/bundler/compiler/pool/Pool.ts"
import { RemoteModules } from "../../src/bundler/remote/RemoteModules.ts"
import { ROOT, VirtualFs } from "../../src/bundler/compiler/VirtualFs.ts"
import wasm from "../../src/bundler/compiler/wasm.ts"

type Files = Readonly<Record<string, string>>

const bundler = createBundler({ wasm, importHosts: [], waitUntil })

const jobOf = (files: Files) => {
  const hosts = new Set<string>()
  const remote = new RemoteModules({ hosts, fetch, cache: undefined })
  const nothing = {
    packageJson: { versionOf: () => undefined },
    subpathTarget: () => undefined,
    mayBeOwn: () => false,
    aliases: { targetsOf: () => [] }
  }
  const map = new Map(Object.entries(files))
  const context = { ...nothing, files: map, disk: new VirtualFs(map), remote, hosts }
  return { context, entrypoint: "index.ts" }
}

/** The stock library's compiler has no disk: its caller resolves each import. */
const lookUp = (disk: VirtualFs): Plugin => ({
  name: "look-up",
  setup: (build) =>
    build.onResolve({ filter: /^\./ }, ({ path }) => {
      const file = `${ROOT}/${path.slice(2)}`
      return { path: disk.textAt(file) === undefined ? `${file}.ts` : file }
    })
})

let warm: Promise<Instance> | undefined
let started: Promise<void> | undefined

/** The steps that the same sources go through in each variant. */
const designs: Record<string, (files: Files) => Promise<unknown>> = {
  nothing: async () => undefined,
  ours: async (files) => bundler.bundle(files),
  // The unsafe limit: one instance that has seen every source so far.
  warm: async (files) => compile(await (warm ??= startWarm(wasm)), jobOf(files)),
  stock: async (files) => {
    await (started ??= stock.initialize({ wasmModule: published, worker: false }))
    const { context, entrypoint } = jobOf(files)
    const build = (options: BuildOptions) =>
      stock.build({
        ...options,
        plugins: [lookUp(context.disk), ...(options.plugins ?? [])],
        write: false,
        metafile: true
      })
    return compile({ build }, { context, entrypoint })
  },
  peer: async (files) => createWorker({ files, entryPoint: "index.ts" })
}

export default {
  fetch: async (request) => {
    const files = (await request.json()) as Files
    const design = designs[new URL(request.url).pathname.slice(1)]
    if (design === undefined) return new Response("no such design", { status: 404 })
    await design(files)
    return new Response("built")
  }
} satisfies ExportedHandler
