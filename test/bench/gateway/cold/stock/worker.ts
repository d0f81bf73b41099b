import { build, initialize } from "esbuild-wasm/lib/browser.js"
import wasmModule from "esbuild-wasm/esbuild.wasm"

/** The bare Worker that the bundler is compared with: the library of esbuild, and nothing that makes it safe. */
export default {
  fetch: async (request) => {
    const { "index.ts": contents = "" } = (await request.json()) as Readonly<Record<string, string>>
    if (new URL(request.url).pathname === "/build") {
      await initialize({ wasmModule, worker: false })
      await build({ stdin: { contents, loader: "ts" }, bundle: true, write: false, format: "esm", target: "es2024" })
    }
    return new Response("done")
  }
} satisfies ExportedHandler
