import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import {
  BundleRejected,
  Bundler,
  BundlerCrashed,
  type BundlerFailure,
  BundlerBusy,
  RegistryUnavailable,
  type SourceFiles
} from "./Bundler.ts"
import { BundlerBusyError } from "./compiler/pool/leased-slots.ts"
import { BundleError } from "./diagnostics.ts"
import type { Bundler as PlainBundler, BuildOptions, BundlerOptions } from "./index.ts"
import { RegistryUnavailableError } from "./npm/errors.ts"

/**
 * esbuild in this Worker, a fresh instance for each build. The first build imports the bundler, because most isolates never build,
 * and it would be a tenth of the time until their first answer.
 */
export const layerEsbuild = (
  wasm: WebAssembly.Module,
  options: Omit<BundlerOptions, "wasm"> = {}
): Layer.Layer<Bundler> => {
  let bundler: PlainBundler | undefined
  const load = async () => (bundler ??= (await import("./index.ts")).createBundler({ ...options, wasm }))
  return Layer.succeed(Bundler, {
    bundle: Effect.fn("Bundler.bundle")((files: SourceFiles, build?: BuildOptions) =>
      Effect.tryPromise({ try: async () => (await load()).bundle(files, build), catch: toTagged })
    )
  })
}

const toTagged = (error: unknown): BundlerFailure =>
  error instanceof BundleError
    ? new BundleRejected({ diagnostics: error.diagnostics, certain: error.certain })
    : error instanceof BundlerBusyError
      ? new BundlerBusy({ message: error.message })
      : error instanceof RegistryUnavailableError
        ? new RegistryUnavailable({ message: error.message })
        : new BundlerCrashed({ message: error instanceof Error ? error.message : String(error) })
