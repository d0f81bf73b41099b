import type { Bundle, WorkerModule } from "./bundle.ts"

/** A bundle as JSON, to send it between processes: binary modules are base64. */
export interface EncodedBundle extends Omit<Bundle, "modules"> {
  readonly modules: Readonly<Record<string, EncodedModule>>
}

/** A bundle with its bindings: strings, like Jack's `vars` and secrets. */
export interface EncodedVersion extends EncodedBundle {
  readonly env: Readonly<Record<string, string>>
}

/** A module of an encoded bundle, under its type. */
export type EncodedModule =
  | string
  | { readonly js: string }
  | { readonly cjs: string }
  | { readonly text: string }
  | { readonly json: unknown }
  | { readonly data: string }
  | { readonly wasm: string }

/**
 * A stand-in for `cloudflare:email`. The platform has that module, and workerd's Worker Loader has only one that does not start.
 * A message of it holds its fields, and no binding here could send it.
 */
const EMAIL_MODULE = {
  "cloudflare:email": {
    js: "export class EmailMessage { constructor(from, to, raw) { Object.assign(this, { from, to, raw }) } }"
  }
}

/** Decodes a bundle for the Worker Loader. */
export const decodeBundle = (bundle: EncodedBundle): Bundle => {
  const modules = Object.entries(bundle.modules).map(([name, module]) => [name, decodeModule(module)] as const)
  return { ...bundle, modules: { ...EMAIL_MODULE, ...Object.fromEntries(modules) } }
}

/** Encodes a bundle for JSON. */
export const encodeBundle = (bundle: Bundle): EncodedBundle => ({
  ...bundle,
  modules: Object.fromEntries(Object.entries(bundle.modules).map(([name, module]) => [name, encodeModule(module)]))
})

const decodeModule = (module: EncodedModule): WorkerModule => {
  if (typeof module === "string") return module
  if ("wasm" in module) return { wasm: fromBase64(module.wasm) }
  return "data" in module ? { data: fromBase64(module.data) } : module
}

const encodeModule = (module: WorkerModule): EncodedModule => {
  if (typeof module === "string") return module
  if ("wasm" in module) return { wasm: toBase64(module.wasm) }
  return "data" in module ? { data: toBase64(module.data) } : module
}

const fromBase64 = (text: string): ArrayBuffer => Uint8Array.from(atob(text), (char) => char.charCodeAt(0)).buffer

const toBase64 = (bytes: ArrayBuffer): string => {
  const whole = new Uint8Array(bytes)
  let text = ""
  // This works in pieces, because the number of arguments of a call is limited.
  for (let at = 0; at < whole.length; at += 32_768) text += String.fromCharCode(...whole.subarray(at, at + 32_768))
  return btoa(text)
}
