import { unzipSync } from "fflate"
import type { EncodedModule, EncodedVersion } from "../hosting/encoding.ts"

/** The content of a multipart upload, or the answer that refuses it. */
export type ParsedUpload =
  | { readonly version: EncodedVersion; readonly message: string | null }
  | { readonly status: 400; readonly error: string; readonly message: string; readonly details?: ReadonlyArray<string> }

const BINDINGS = ["d1", "ai", "r2", "kv", "vectorize", "assets", "vars", "durable_objects"]

/**
 * Reads the parts of `POST …/deployments/upload`. The parts must be files: a plain string has no `text()`, so Jack and this
 * server answer 500 for it.
 *
 * @throws Error with the message of Jack's `internal_error`.
 */
export const readUpload = async (form: FormData, projectId: string): Promise<ParsedUpload> => {
  const [manifestPart, bundlePart, secretsPart] = ["manifest", "bundle", "secrets"].map(
    (name) => form.get(name) as File | null
  )
  if (!manifestPart || !bundlePart)
    return { status: 400, error: "invalid_request", message: "manifest and bundle are required" }

  const manifest: unknown = JSON.parse(await manifestPart.text())
  const details = manifestErrors(manifest)
  if (details.length > 0)
    return { status: 400, error: "invalid_manifest", message: "Manifest validation failed", details }

  const { entrypoint, compatibility_date, compatibility_flags, bindings } = manifest as Manifest
  const modules = readBundle(new Uint8Array(await bundlePart.arrayBuffer()))
  if (!Object.hasOwn(modules, entrypoint)) throw new Error(`Entrypoint "${entrypoint}" not found in bundle`)
  const secrets = secretsPart ? (JSON.parse(await secretsPart.text()) as Record<string, string>) : {}
  const message = form.get("message")
  return {
    version: {
      mainModule: entrypoint,
      modules,
      compatibilityDate: compatibility_date,
      compatibilityFlags: compatibility_flags ?? [],
      env: { PROJECT_ID: projectId, ...bindings?.vars, ...secrets }
    },
    message: typeof message === "string" ? message : null
  }
}

interface Manifest {
  readonly entrypoint: string
  readonly compatibility_date: string
  readonly compatibility_flags?: ReadonlyArray<string>
  readonly bindings?: { readonly vars?: Readonly<Record<string, string>> }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const manifestErrors = (manifest: unknown): ReadonlyArray<string> => {
  if (!isRecord(manifest)) return ["Manifest must be an object"]
  const { version, entrypoint, compatibility_date, compatibility_flags, module_format, bindings } = manifest
  const found: Array<string> = []
  if (version !== 1 && version !== 2) found.push("version must be 1 or 2")
  if (typeof entrypoint !== "string" || entrypoint === "") found.push("entrypoint is required")
  if (typeof compatibility_date !== "string" || compatibility_date === "") found.push("compatibility_date is required")
  if (compatibility_flags !== undefined && !Array.isArray(compatibility_flags))
    found.push("compatibility_flags must be an array")
  if (module_format !== undefined && module_format !== "esm") found.push('module_format must be "esm"')
  if (bindings === undefined) return found
  if (!isRecord(bindings)) return [...found, "bindings must be an object"]
  for (const key of Object.keys(bindings)) if (!BINDINGS.includes(key)) found.push(`Unsupported binding: ${key}`)
  const vars = bindings["vars"]
  if (vars !== undefined && (!isRecord(vars) || Object.values(vars).some((value) => typeof value !== "string")))
    found.push("bindings.vars must map names to strings")
  return found
}

/** Reads the modules of a bundle's zip: js, mjs, cjs, wasm and json. Names stay unchanged, `../x.js` too. */
const readBundle = (zip: Uint8Array): Readonly<Record<string, EncodedModule>> =>
  Object.fromEntries(
    Object.entries(unzipSync(zip)).flatMap(([name, content]) => {
      const module = readModule(name, Buffer.from(content))
      return module === undefined ? [] : [[name, module] as const]
    })
  )

const readModule = (name: string, content: Buffer): EncodedModule | undefined => {
  switch (/\.(\w+)$/.exec(name)?.[1]) {
    case "js":
    case "mjs":
      return { js: content.toString() }
    case "cjs":
      return { cjs: content.toString() }
    case "json":
      return { json: JSON.parse(content.toString()) as unknown }
    case "wasm":
      return { wasm: content.toString("base64") }
  }
  return undefined
}
