import type { BuildOptions } from "esbuild-wasm"
import { BundleError, type Diagnostic, fromMessages } from "../diagnostics.ts"
import { explain } from "./explain.ts"
import { InstanceCrash } from "./worker-shim.ts"
import { type Context, importsPlugin } from "../resolve/imports.ts"
import { type Instance, isBuildFailure } from "./instance.ts"
import { LOADERS } from "./loaders.ts"
import { ROOT } from "./virtual-fs.ts"

/** The compiler's answer for a project. */
export interface Compiled {
  readonly code: string
  /** The source map, where one was asked for. */
  readonly map?: string | undefined
  readonly warnings: ReadonlyArray<Diagnostic>
  /** The names that the entrypoint exports. */
  readonly exports: ReadonlyArray<string>
  /** The platform's modules that the code still imports. */
  readonly externals: ReadonlyArray<string>
  /** The URLs of modules that have to be fetched before there can be a bundle; the code is none as long as there are any. */
  readonly missing: ReadonlySet<string>
}

/** The output's name. */
export const MAIN = "worker.js"

/** A project that is ready for the compiler. */
export interface Job {
  readonly context: Context
  readonly entrypoint: string
  /** Whether the source map is made. */
  readonly sourceMap?: boolean
}

const NODE_ENV = '"production"'

/**
 * As wrangler calls the compiler (`bundleWorker` in its source): conditions, main fields (by the platform), names, target,
 * definitions. JSX is hono's unless a config or a pragma says otherwise, and more extensions are resolved.
 */
const SETTINGS: BuildOptions = {
  outfile: `${ROOT}/${MAIN}`,
  // A project may have a file of that name. Nothing is written.
  allowOverwrite: true,
  absWorkingDir: ROOT,
  bundle: true,
  logLevel: "silent",
  logLimit: 200,
  format: "esm",
  platform: "browser",
  conditions: ["workerd", "worker", "browser"],
  target: "es2024",
  supported: { using: true },
  charset: "utf8",
  keepNames: true,
  jsx: "automatic",
  jsxImportSource: "hono/jsx",
  loader: LOADERS,
  resolveExtensions: [".tsx", ".ts", ".jsx", ".js", ".mts", ".cts", ".mjs", ".cjs", ".json"],
  define: {
    "process.env.NODE_ENV": NODE_ENV,
    "global.process.env.NODE_ENV": NODE_ENV,
    "globalThis.process.env.NODE_ENV": NODE_ENV
  }
}

/**
 * Compiles a project to one ES module.
 *
 * @throws {BundleError} when the source does not build, and when the compiler gives up on it.
 */
export const compile = async (instance: Instance, job: Job): Promise<Compiled> => {
  const { context, entrypoint, sourceMap = false } = job
  const missing = new Set<string>()
  try {
    const { outputFiles, metafile, warnings } = await instance.build(
      {
        ...SETTINGS,
        entryPoints: [`./${entrypoint}`],
        ...(sourceMap ? { sourcemap: "external", sourcesContent: false } : {}),
        plugins: [importsPlugin(context, missing)]
      },
      context.disk
    )
    const output = metafile.outputs[MAIN]
    return {
      code: outputFiles.find(({ path }) => path.endsWith(MAIN))?.text ?? "",
      map: outputFiles.find(({ path }) => path.endsWith(`${MAIN}.map`))?.text,
      warnings: fromMessages(warnings, (message) => explain(context, message)),
      exports: output?.exports ?? [],
      externals: (output?.imports ?? []).filter((it) => it.external === true).map((it) => it.path),
      missing
    }
  } catch (error) {
    if (isBuildFailure(error)) {
      // The stand-in for a module that is still to be fetched exports nothing by name where that is `.mjs`.
      const early = missing.size > 0 && error.errors.every(({ text }) => text.startsWith("No matching export in"))
      if (early) return { code: "", warnings: [], exports: [], externals: [], missing }
      throw new BundleError(fromMessages(error.errors, (message) => explain(context, message)))
    }
    if (error instanceof InstanceCrash) throw new BundleError([gaveUp(error)])
    throw error
  }
}

/** A trap or a timeout comes back for the same source, so that it is the source's: it must change, not be sent again. */
const gaveUp = (crash: InstanceCrash): Diagnostic => ({
  file: "",
  line: 0,
  column: 0,
  text: `The compiler gave up on this source: ${crash.message}`,
  hint: "Usually something is nested thousands of levels deep, or a file is huge generated code. Make it simpler, or import less."
})
