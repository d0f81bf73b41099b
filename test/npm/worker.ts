import { waitUntil } from "cloudflare:workers"
import wasm from "../../src/bundler/compiler/wasm.ts"
import { BundleError, type Bundler, createBundler } from "../../src/bundler/index.ts"

interface Env {
  readonly REGISTRY: string
}

const bundlers = new Map<string, Bundler>()

/** The bundler on a cache of this name. A name that was never used before stands for an empty cache. */
const bundlerOn = async (name: string, { REGISTRY: registry }: Env): Promise<Bundler> => {
  const known = bundlers.get(name)
  if (known !== undefined) return known
  const cache = name === "" ? caches.default : await caches.open(name)
  const bundler = createBundler({ wasm, cache, packages: { registry }, importHosts: [], waitUntil })
  bundlers.set(name, bundler)
  return bundler
}

/** The bundler with packages behind nothing but JSON: `?cache=` names its cache, `/nothing` builds nothing. */
export default {
  fetch: async (request, env) => {
    const { pathname, searchParams } = new URL(request.url)
    const { files } = (await request.json()) as { readonly files: Readonly<Record<string, string>> }
    if (pathname === "/nothing") return Response.json({})
    try {
      const bundler = await bundlerOn(searchParams.get("cache") ?? "", env)
      const { code, lock } = await bundler.bundle(files)
      return Response.json({ bytes: code.length, lock })
    } catch (error) {
      if (error instanceof BundleError) return Response.json({ diagnostics: error.diagnostics }, { status: 422 })
      return Response.json({ defect: String(error) }, { status: 503 })
    }
  }
} satisfies ExportedHandler<Env>
