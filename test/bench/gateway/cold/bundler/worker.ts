import { waitUntil } from "cloudflare:workers"
import { createBundler } from "../../../../../src/bundler/index.ts"
import wasm from "../../../../../src/bundler/compiler/wasm.ts"

const bundler = createBundler({ wasm, importHosts: [], waitUntil })

/** The bundler alone, because a build needs nothing else of the gateway. */
export default {
  fetch: async (request) => {
    const files = (await request.json()) as Readonly<Record<string, string>>
    if (new URL(request.url).pathname === "/build") await bundler.bundle(files)
    return new Response("done")
  }
} satisfies ExportedHandler
