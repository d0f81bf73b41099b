import type { BuildOptions } from "esbuild-wasm"
import { BundleError, type Diagnostic, fromMessages } from "./diagnostics.ts"
import { InstanceCrash } from "./host.ts"
import { type Context, importsPlugin } from "./imports.ts"
import { type Instance, isBuildFailure } from "./instance.ts"

/** What the compiler made of a project. */
export interface Compiled {
  readonly code: string
  /** The source map, where one was asked for. */
  readonly map?: string | undefined
  readonly warnings: ReadonlyArray<Diagnostic>
  /** What the entrypoint exports. */
  readonly exports: ReadonlyArray<string>
  /** The platform's modules that the code still imports. */
  readonly externals: ReadonlyArray<string>
  /** The URLs of modules that have to be fetched before there can be a bundle; the code is none as long as there are any. */
  readonly missing: ReadonlySet<string>
}

/** The output's name. */
export const MAIN = "worker.js"

/** What is to be compiled. */
export interface Job {
  readonly context: Context
  readonly entrypoint: string
  /** `tsconfig.json`'s compiler options. */
  readonly options: Readonly<Record<string, unknown>>
  /** Whether the source map is made. */
  readonly sourceMap?: boolean
}

const options = ({ context, entrypoint, options, sourceMap = false }: Job, missing: Set<string>): BuildOptions => ({
  entryPoints: [entrypoint],
  outfile: `/${MAIN}`,
  absWorkingDir: "/",
  bundle: true,
  logLevel: "silent",
  format: "esm",
  platform: "neutral",
  target: "es2022",
  charset: "utf8",
  jsx: "automatic",
  jsxImportSource: "hono/jsx",
  ...(sourceMap ? { sourcemap: "external", sourcesContent: false } : {}),
  define: { "process.env.NODE_ENV": '"production"' },
  // Its jsx settings override those above.
  tsconfigRaw: JSON.stringify({ compilerOptions: options }),
  plugins: [importsPlugin(context, missing)]
})

/**
 * Compiles a project to one ES module.
 *
 * @throws {BundleError} when the source does not build, and when the compiler gives up on it.
 */
export const compile = async (instance: Instance, job: Job): Promise<Compiled> => {
  const missing = new Set<string>()
  try {
    const { outputFiles, metafile, warnings } = await instance.build(options(job, missing))
    const output = metafile.outputs[MAIN]
    return {
      code: outputFiles.find(({ path }) => path === `/${MAIN}`)?.text ?? "",
      map: outputFiles.find(({ path }) => path === `/${MAIN}.map`)?.text,
      warnings: fromMessages(warnings),
      exports: output?.exports ?? [],
      externals: (output?.imports ?? []).filter((it) => it.external === true).map((it) => it.path),
      missing
    }
  } catch (error) {
    if (isBuildFailure(error)) {
      // What stands in for a module that is still to be fetched exports nothing by name where that is `.mjs`.
      const early = missing.size > 0 && error.errors.every(({ text }) => text.startsWith("No matching export in"))
      if (early) return { code: "", warnings: [], exports: [], externals: [], missing }
      throw new BundleError(fromMessages(error.errors))
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
