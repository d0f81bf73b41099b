import { waitUntil } from "cloudflare:workers"
import wasm from "../../src/bundler/compiler/wasm.ts"
import { program } from "../../src/bundler/generated/isolate.js"
import { BundleError, type Bundler, createBundler, type IsolateLoader } from "../../src/bundler/index.ts"

interface Env {
  readonly REGISTRY: string
  readonly LOADER: IsolateLoader
}

const bundlers = new Map<string, Bundler>()

/**
 * The bundler on a cache of this name. A name that was never used before stands for an empty cache.
 *
 * @param isolated whether each build has an isolate of its own.
 */
const bundlerOn = async (name: string, { REGISTRY: registry, LOADER }: Env, isolated: boolean): Promise<Bundler> => {
  const id = `${isolated} ${name}`
  const known = bundlers.get(id)
  if (known !== undefined) return known
  const cache = name === "" ? caches.default : await caches.open(name)
  const isolates = isolated ? { loader: LOADER, program } : undefined
  const bundler = createBundler({ wasm, cache, packages: { registry }, importHosts: [], isolates, waitUntil })
  bundlers.set(id, bundler)
  return bundler
}

/** The bundler with packages behind nothing but JSON: `?cache=` names its cache, `/isolate` builds in isolates, `/nothing` builds nothing. */
export default {
  fetch: async (request, env) => {
    const { pathname, searchParams } = new URL(request.url)
    const { files } = (await request.json()) as { readonly files: Readonly<Record<string, string>> }
    if (pathname === "/nothing") return Response.json({})
    try {
      const bundler = await bundlerOn(searchParams.get("cache") ?? "", env, pathname === "/isolate")
      const { code, lock } = await bundler.bundle(files)
      return Response.json({ bytes: code.length, lock })
    } catch (error) {
      if (error instanceof BundleError) return Response.json({ diagnostics: error.diagnostics }, { status: 422 })
      return Response.json({ defect: String(error) }, { status: 503 })
    }
  }
} satisfies ExportedHandler<Env>
