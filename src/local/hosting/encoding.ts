import type { Bundle, Module } from "./bundle.ts"

/** A bundle as JSON, for the way between processes: binary modules are base64. */
export interface EncodedBundle extends Omit<Bundle, "modules"> {
  readonly modules: Readonly<Record<string, EncodedModule>>
}

/** A bundle with the bindings that it runs with: strings, as Jack's `vars` and secrets are. */
export interface EncodedVersion extends EncodedBundle {
  readonly env: Readonly<Record<string, string>>
}

/** A module of such a bundle, by what it is. */
export type EncodedModule =
  | { readonly js: string }
  | { readonly cjs: string }
  | { readonly json: unknown }
  | { readonly wasm: string }

/** The bundle as the Worker Loader takes it. */
export const decodeBundle = (bundle: EncodedBundle): Bundle => ({
  ...bundle,
  modules: Object.fromEntries(Object.entries(bundle.modules).map(([name, module]) => [name, decodeModule(module)]))
})

const decodeModule = (module: EncodedModule): Module =>
  "wasm" in module ? { wasm: Uint8Array.from(atob(module.wasm), (char) => char.charCodeAt(0)).buffer } : module
