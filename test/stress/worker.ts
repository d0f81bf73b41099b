import { waitUntil } from "cloudflare:workers"
import { BundleError, BundlerBusyError, createBundler } from "../../src/bundler/index.ts"
import wasm from "../../src/bundler/compiler/wasm.ts"

/** The bundler behind nothing but JSON: what hostile sources and clients do to an isolate shows here without payments. */
const bundler = createBundler({ wasm, importHosts: ["esm.sh"], waitUntil })

export default {
  fetch: async (request) => {
    try {
      const { files } = (await request.json()) as { readonly files: Readonly<Record<string, string>> }
      const { code } = await bundler.bundle(files)
      return Response.json({ code })
    } catch (error) {
      if (error instanceof BundleError) return Response.json({ diagnostics: error.diagnostics }, { status: 422 })
      if (error instanceof BundlerBusyError) return Response.json({ busy: true }, { status: 503 })
      return Response.json({ defect: String(error) }, { status: 500 })
    }
  }
} satisfies ExportedHandler
