import { unzipSync } from "fflate"
import type { EncodedModule } from "../../hosting/encoding.ts"
import type { Manifest } from "../manifest.ts"

/** The modules of a bundle, and the name of the main one. */
export interface BundleModules {
  readonly mainModule: string
  readonly modules: Readonly<Record<string, EncodedModule>>
}

/**
 * Reads a bundle's zip as Jack does. It keeps js, mjs, cjs, wasm and json, with their paths as names (`../x.js` too), and drops
 * empty files. Jack uploads cjs and json as bytes, so that an import of one is an ArrayBuffer.
 *
 * @throws Error when the zip is unreadable or has no entrypoint.
 */
export const readModules = (zip: Uint8Array, { entrypoint }: Manifest): BundleModules => {
  const files = unzipSync(zip)
  const mainModule = [entrypoint, `${entrypoint}.js`, "worker.js", "index.js"].find((name) =>
    Object.hasOwn(files, name)
  )
  if (mainModule === undefined) throw new Error(`Entrypoint ${entrypoint} not found in bundle`)
  const modules = Object.entries(files).flatMap(([name, bytes]) => {
    const content = Buffer.from(bytes)
    if (name === mainModule) return [[name, { js: content.toString() }] as const]
    const module = content.length === 0 ? undefined : readModule(name, content)
    return module === undefined ? [] : [[name, module] as const]
  })
  return { mainModule, modules: Object.fromEntries(modules) }
}

const readModule = (name: string, content: Buffer): EncodedModule | undefined => {
  switch (name.split(".").pop()?.toLowerCase()) {
    case "js":
    case "mjs":
      return { js: content.toString() }
    case "wasm":
      return { wasm: content.toString("base64") }
    case "cjs":
    case "json":
      return { data: content.toString("base64") }
  }
  return undefined
}
