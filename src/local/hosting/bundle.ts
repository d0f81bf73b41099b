/** A module as the Worker Loader takes it; a bare string is an ES module, and its name then ends in `.js`. */
export type Module =
  | string
  | { readonly js: string }
  | { readonly cjs: string }
  | { readonly text: string }
  | { readonly json: unknown }
  | { readonly data: ArrayBuffer }
  | { readonly wasm: ArrayBuffer }

/** What can be run: modules by name, the one to start with, and what its runtime is to be compatible with. */
export interface Bundle {
  readonly mainModule: string
  readonly modules: Readonly<Record<string, Module>>
  readonly compatibilityDate: string
  readonly compatibilityFlags: ReadonlyArray<string>
}

/** Whether a bundle starts and can serve; `message` is the runtime's own, or says what its default export lacks. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly message: string }

/** The part of Cloudflare's Worker Loader binding that is used here. */
export interface Loader {
  get(id: string, code: () => Promise<LoaderCode>): { getEntrypoint(): { fetch(request: Request): Promise<Response> } }
}

interface LoaderCode extends Bundle {
  readonly env?: Readonly<Record<string, unknown>>
  /** `null` forbids every outbound request; left out, the loaded Worker would have this one's whole network. */
  readonly globalOutbound: null
}
