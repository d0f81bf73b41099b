import { spawn } from "node:child_process"
import { readdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { basename, dirname, join, matchesGlob } from "node:path"
import { build, stop } from "esbuild"
import type { WorkerOptions } from "./plan.ts"

/** Modules in Miniflare's form; the first is the main module. */
type Modules = ReadonlyArray<{
  readonly type: "ESModule" | "CommonJS" | "Text" | "Data" | "CompiledWasm"
  readonly path: string
  readonly contents: string | Uint8Array
}>

/** Bundles one of the stack's own Workers. */
export const buildLocal = async (source: string): Promise<Modules> => {
  const { outputFiles } = await build({
    entryPoints: [source],
    bundle: true,
    write: false,
    format: "esm",
    target: "esnext",
    external: ["cloudflare:*"]
  })
  return [{ type: "ESModule", path: "worker.js", contents: outputFiles[0]?.contents ?? "" }]
}

/** Ends the esbuild process that `buildLocal` keeps for its next call. */
export const stopEsbuild = (): Promise<void> => stop()

/**
 * Builds a project's Worker like `wrangler deploy`, with the project's `build.command`, aliases and rules. Wrangler's output
 * goes to the log.
 *
 * @throws Error when it does not build.
 */
export const buildProject = async (config: string, out: string): Promise<void> => {
  // The build goes to another folder first, so that a failed build keeps the last one.
  const fresh = `${out}.new`
  rmSync(fresh, { recursive: true, force: true })
  const wrangler = join(dirname(createRequire(import.meta.url).resolve("wrangler/package.json")), "bin/wrangler.js")
  const args = [wrangler, "deploy", "--dry-run", "--outdir", fresh, "--config", config]
  const building = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] })
  const code = await new Promise((resolve, reject) => building.once("error", reject).once("exit", resolve))
  if (code !== 0) throw new Error("The Worker does not build.")
  rmSync(out, { recursive: true, force: true })
  renameSync(fresh, out)
}

/** Wrangler's types of files for which the configuration has no rule. */
const DEFAULT_RULES = [
  { type: "Text", include: ["**/*.txt", "**/*.html", "**/*.sql"] },
  { type: "Data", include: ["**/*.bin"] },
  { type: "CompiledWasm", include: ["**/*.wasm"] },
  { type: "ESModule", include: ["**/*.js", "**/*.mjs"] },
  { type: "CommonJS", include: ["**/*.cjs"] }
] as const

/** Returns the modules of a built Worker. The main module is named after its source. */
export const builtModules = (
  out: string,
  main: string,
  rules: ReadonlyArray<{ readonly type: string; readonly include: ReadonlyArray<string> }> = []
): Modules => {
  const name = basename(main).replace(/\.[^.]+$/, ".js")
  const files = readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  return files
    .filter((file) => !file.endsWith(".map") && file !== join(out, "README.md"))
    .toSorted((one, other) => Number(other === join(out, name)) - Number(one === join(out, name)))
    .flatMap((path) => {
      const rule = [...rules, ...DEFAULT_RULES].find(({ include }) =>
        include.some((glob) => matchesGlob(path.slice(out.length + 1), glob.replace(/\?module$/, "")))
      )
      return rule === undefined
        ? []
        : [{ type: rule.type as Modules[number]["type"], path, contents: readFileSync(path) }]
    })
}

/** Returns the project's bindings, as wrangler reads them from its configuration. */
export const projectOptions = async (
  config: string
): Promise<{
  readonly main: string
  readonly rules: Parameters<typeof builtModules>[2]
  readonly worker: Readonly<Record<string, unknown>>
  readonly others: ReadonlyArray<WorkerOptions>
}> => {
  const { unstable_getMiniflareWorkerOptions: read } = await import("wrangler")
  const { workerOptions, main = "worker.ts", externalWorkers } = read(config)
  const { modulesRules, ...worker } = workerOptions
  return { main, rules: modulesRules, worker, others: externalWorkers as ReadonlyArray<WorkerOptions> }
}
