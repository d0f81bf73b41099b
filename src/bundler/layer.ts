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
import {
  BundleError,
  BundlerBusyError,
  type BuildOptions,
  type BundlerOptions,
  createBundler,
  RegistryUnavailableError
} from "./index.ts"

/** esbuild in this Worker, a fresh instance for each build. */
export const layerEsbuild = (
  wasm: WebAssembly.Module,
  options: Omit<BundlerOptions, "wasm"> = {}
): Layer.Layer<Bundler> => {
  const bundler = createBundler({ ...options, wasm })
  return Layer.succeed(Bundler, {
    bundle: Effect.fn("Bundler.bundle")((files: SourceFiles, build?: BuildOptions) =>
      Effect.tryPromise({ try: () => bundler.bundle(files, build), catch: toTagged })
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
