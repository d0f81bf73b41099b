import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Bundler, type SourceFiles } from "./Bundler.ts"
import { type Bundle, DEFAULT_COMPATIBILITY_DATE } from "./index.ts"

/** A bundler for tests. It runs the script, or returns a program that answers "ok". It compiles nothing. */
export const layerBundlerTest = (
  script: Bundler["Service"]["bundle"] = (files) => Effect.succeed(trivial(files))
): Layer.Layer<Bundler> => {
  return Layer.succeed(Bundler, { bundle: script })
}

const trivial = (files: SourceFiles): Bundle => testBundle({ entrypoint: Object.keys(files)[0] ?? "index.ts" })

/** A program that answers "ok" and needs nothing, with changes. */
export const testBundle = (changes: Partial<Bundle> = {}): Bundle => ({
  entrypoint: "index.ts",
  main: "worker.js",
  code: 'export default { fetch: () => new Response("ok") }\n',
  warnings: [],
  compatibilityFlags: [],
  lock: {},
  modules: [],
  compatibilityDate: DEFAULT_COMPATIBILITY_DATE,
  vars: {},
  resources: { kv: [], r2: [], database: null, durableObjects: null },
  assets: null,
  migrations: null,
  requiredSecrets: [],
  ...changes
})
