import type { BuildAnswer, BuildRequest, Deliver, Outbound } from "./messages.ts"

/** A module of an isolate. A bare string is an ES module. */
type IsolateModule = string | { readonly json: unknown } | { readonly wasm: WebAssembly.Module }

/** The code of an isolate. */
export interface IsolateCode {
  readonly mainModule: string
  readonly modules: Readonly<Record<string, IsolateModule>>
  readonly compatibilityDate: string
  readonly compatibilityFlags: ReadonlyArray<string>
  readonly env: Readonly<Record<string, never>>
  /** `null` forbids every outbound request. Without this field an isolate would have the gateway's whole network. */
  readonly globalOutbound: null
  /** Milliseconds of CPU. The platform enforces this limit; workerd alone does not. */
  readonly limits: { readonly cpuMs: number }
}

/** The entrypoint of an isolate's program. */
export interface IsolateStub {
  /** Answers if the program starts. */
  readonly start: () => Promise<void>
  readonly build: (request: BuildRequest, outbound: Outbound, deliver: Deliver) => Promise<BuildAnswer>
}

/** The part of the Worker Loader binding that the bundler uses. */
export interface IsolateLoader {
  readonly get: (name: string, code: () => Promise<IsolateCode>) => { readonly getEntrypoint: () => IsolateStub }
}
