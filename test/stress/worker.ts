import { waitUntil } from "cloudflare:workers"
import { BundleError, BundlerBusyError, createBundler } from "../../src/bundler/index.ts"
import wasm from "../../src/bundler/compiler/wasm.ts"

/**
 * The bundler behind a plain JSON interface. It shows the effect of hostile sources and clients on an isolate without payments.
 */
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
