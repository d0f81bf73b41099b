import type { BuildOptions, Message, Plugin } from "esbuild-wasm"
import { BundleError, type Diagnostic, fromMessage, fromMessages } from "../diagnostics.ts"
import { explainMessage } from "./explain.ts"
import { InstanceCrash } from "./worker-shim.ts"
import { importsPlugin } from "../resolve/imports.ts"
import type { ResolveContext } from "../resolve/resolve-context.ts"
import { type Instance, isBuildFailure } from "./instance.ts"
import { LOADERS } from "./loaders.ts"
import { ROOT } from "./VirtualFs.ts"

/** The compiler's answer for a project. */
export interface Compiled {
  readonly code: string
  /** The source map, if one was asked for. */
  readonly map?: string | undefined
  readonly warnings: ReadonlyArray<Diagnostic>
  /** The names that the entrypoint exports. */
  readonly exports: ReadonlyArray<string>
  /** The platform's modules that the code still imports. */
  readonly externals: ReadonlyArray<string>
  /** The URLs of modules that must be fetched before there can be a bundle. While there are any, `code` is unusable. */
  readonly missing: ReadonlySet<string>
  /** Whether packages must be installed before there can be a bundle. Then `code` is unusable as well. */
  readonly isIncomplete: boolean
}

/** The output's name. */
export const MAIN = "worker.js"

/** A project that is ready for the compiler. */
export interface Job {
  readonly context: ResolveContext
  readonly entrypoint: string
  /** Whether to make the source map. */
  readonly sourceMap?: boolean
  /** Code that stands for names. */
  readonly define?: Readonly<Record<string, string>>
  /** Plugins that come before the resolution of imports. */
  readonly plugins?: ReadonlyArray<Plugin>
}

const NODE_ENV = '"production"'

/**
 * Calls the compiler as wrangler does (`bundleWorker` in its source): conditions, main fields (by the platform), names, target,
 * definitions. JSX is hono's unless a file has React's or Preact's, and more extensions are resolved.
 */
const SETTINGS: BuildOptions = {
  outfile: `${ROOT}/${MAIN}`,
  // A project may have a file of that name, but nothing is written.
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
 * @throws {BundleError} when the source does not build, or the compiler crashes on it.
 */
export const compile = async (instance: Instance, job: Job): Promise<Compiled> => {
  const { context, entrypoint, sourceMap = false, define = {}, plugins = [] } = job
  const { packages } = context
  const missing = new Set<string>()
  const explain = (message: Message) => fromMessage(explainMessage(context, message))
  try {
    const { outputFiles, metafile, warnings } = await instance.build(
      {
        ...SETTINGS,
        define: { ...SETTINGS.define, ...define },
        entryPoints: [`./${entrypoint}`],
        ...(sourceMap ? { sourcemap: "external", sourcesContent: false } : {}),
        plugins: [...plugins, importsPlugin(context, missing), ...(packages === undefined ? [] : [packages.plugin])]
      },
      context.disk
    )
    const output = metafile.outputs[MAIN]
    packages?.noteModules(Object.keys(metafile.inputs))
    return {
      code: outputFiles.find(({ path }) => path.endsWith(MAIN))?.text ?? "",
      map: outputFiles.find(({ path }) => path.endsWith(`${MAIN}.map`))?.text,
      warnings: [...fromMessages(warnings, explain), ...(packages?.report.warnings(output?.inputs ?? {}) ?? [])],
      exports: output?.exports ?? [],
      externals: (output?.imports ?? []).filter((it) => it.external === true).map((it) => it.path),
      missing,
      isIncomplete: packages?.isPending === true
    }
  } catch (error) {
    if (isBuildFailure(error)) {
      // The placeholder of a module that is not fetched yet has no named exports for an `.mjs` file.
      const early = missing.size > 0 && error.errors.every(({ text }) => text.startsWith("No matching export in"))
      const again = packages?.isPending === true || packages?.retryWhole(error.errors) === true
      if (early || again) return { code: "", warnings: [], exports: [], externals: [], missing, isIncomplete: again }
      throw new BundleError(unique(fromMessages(error.errors, (it) => packages?.report.explain(it) ?? explain(it))))
    }
    if (error instanceof InstanceCrash) throw packages?.report.explainCrash(error) ?? new BundleError([gaveUp(error)])
    throw error
  }
}

/** Several modules of a package may fail for the same reason, which is reported at the same import of the author. */
const unique = (diagnostics: ReadonlyArray<Diagnostic>): ReadonlyArray<Diagnostic> => [
  ...new Map(diagnostics.map((it) => [JSON.stringify([it.file, it.line, it.column, it.text]), it])).values()
]

/** A trap or a timeout repeats for the same source, so the author must change the source. */
const gaveUp = (crash: InstanceCrash): Diagnostic => ({
  file: "",
  line: 0,
  column: 0,
  text: `The compiler gave up on this source: ${crash.message}`,
  hint: "The usual cause is code that is nested thousands of levels deep, or a huge generated file. Simplify it, or import less."
})
