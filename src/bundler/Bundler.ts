import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Bundle, BuildOptions, FileContent } from "./index.ts"

/** {@link Diagnostic} on the wire. */
export const DiagnosticSchema = Schema.Struct({
  file: Schema.String,
  line: Schema.Number,
  column: Schema.Number,
  text: Schema.String,
  source: Schema.optionalKey(Schema.String),
  hint: Schema.optionalKey(Schema.String)
})

/** The source does not bundle; its author can fix it. The Effect error for the plain `BundleError`. */
export class BundleRejected extends Schema.TaggedError<BundleRejected>()("BundleRejected", {
  diagnostics: Schema.Array(DiagnosticSchema),
  /** Whether the same source would be rejected again. */
  certain: Schema.Boolean.pipe(Schema.withConstructorDefault(Effect.succeed(true)))
}) {}

/** The compiler did not start; the same source may bundle the next time. The Effect error for `BundlerCrashError`. */
export class BundlerCrashed extends Schema.TaggedError<BundlerCrashed>()("BundlerCrashed", {
  message: Schema.String
}) {}

/** Too many builds are in flight in this isolate; the same source may bundle later. The Effect error for `BundlerBusyError`. */
export class BundlerBusy extends Schema.TaggedError<BundlerBusy>()("BundlerBusy", {
  message: Schema.String
}) {}

/**
 * The registry of packages does not answer, or packages did not arrive in time; the same source may bundle later. The Effect
 * error for `RegistryUnavailableError`.
 */
export class RegistryUnavailable extends Schema.TaggedError<RegistryUnavailable>()("RegistryUnavailable", {
  message: Schema.String
}) {}

/** The reason why there is no bundle. */
export type BundlerFailure = BundleRejected | BundlerCrashed | BundlerBusy | RegistryUnavailable

/** Files by path, relative to the project's root: texts, or bytes in base64. */
export type SourceFiles = Readonly<Record<string, FileContent>>

/** Bundles sources into a program that is ready to run. */
export class Bundler extends Context.Service<
  Bundler,
  { readonly bundle: (files: SourceFiles, options?: BuildOptions) => Effect.Effect<Bundle, BundlerFailure> }
>()("mpp-compute/bundler/Bundler") {}
