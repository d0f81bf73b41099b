import type { Bundle, BuildOptions } from "../bundle.ts"
import { BundlerBusyError } from "../compiler/pool/leased-slots.ts"
import { BundleError, BundlerCrashError, type Diagnostic } from "../diagnostics.ts"
import type { FileContent } from "../files/base64.ts"
import { RegistryUnavailableError } from "../npm/errors.ts"

/** A build for an isolate: the files as they were sent, and those options of the bundler that are data. */
export interface BuildRequest {
  readonly files: Readonly<Record<string, FileContent>>
  readonly build: BuildOptions
  readonly timeoutMs: number
  readonly assetBytes: number | undefined
  readonly importHosts: ReadonlyArray<string>
  readonly packages: {
    readonly registry: string
    /** Milliseconds until the build must have ended. */
    readonly timeMs: number
  }
}

/** The network and the cache of an isolate. The functions run in the gateway's isolate, which checks every call. */
export interface Outbound {
  readonly fetch: (url: string, accept: string) => Promise<Response>
  readonly match: (key: string) => Promise<Response | undefined>
  readonly put: (key: string, response: Response) => Promise<void>
}

/** An error of the bundler as data, because no class crosses from one isolate to another. */
export type ErrorData =
  | { readonly name: "BundleError"; readonly diagnostics: ReadonlyArray<Diagnostic>; readonly certain: boolean }
  | { readonly name: "BundlerBusyError" | "RegistryUnavailableError" | "BundlerCrashError"; readonly message: string }

/** The result of a build in an isolate. */
export type BuildAnswer =
  | { readonly bundle: Bundle; readonly error?: never }
  | { readonly bundle?: never; readonly error: ErrorData }

/** Takes an answer before the call of a build ends. */
export type Deliver = (answer: BuildAnswer) => Promise<void>

/** Encodes an error of the bundler. Any other error counts as a crash. */
export const encodeError = (error: unknown): ErrorData => {
  if (error instanceof BundleError)
    return { name: "BundleError", diagnostics: error.diagnostics, certain: error.certain }
  if (error instanceof BundlerBusyError) return { name: "BundlerBusyError", message: error.message }
  if (error instanceof RegistryUnavailableError) return { name: "RegistryUnavailableError", message: error.message }
  return { name: "BundlerCrashError", message: error instanceof BundlerCrashError ? error.message : String(error) }
}

/** Decodes an error that `encodeError` encoded. Anything else is a crash. */
export const decodeError = (data: ErrorData | undefined): Error => {
  switch (data?.name) {
    case "BundleError":
      return new BundleError(data.diagnostics, data.certain)
    case "BundlerBusyError":
      return new BundlerBusyError(data.message)
    case "RegistryUnavailableError":
      return new RegistryUnavailableError(data.message)
    default:
      return new BundlerCrashError(data?.message ?? "The isolate of the build did not answer")
  }
}
