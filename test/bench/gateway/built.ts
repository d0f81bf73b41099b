import { execFileSync } from "node:child_process"
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"

/** A Worker as it is uploaded: its modules on disk, and esbuild's report of their parts. */
export interface Built {
  readonly folder: string
  /** File names below `folder`, the entry first. */
  readonly modules: ReadonlyArray<string>
  readonly metafile: Metafile
  readonly remove: () => void
}

/** The part of esbuild's metafile that the benchmark reads: bytes in the output, by output and input path. */
export interface Metafile {
  readonly outputs: Readonly<
    Record<
      string,
      { readonly bytes: number; readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }
    >
  >
}

/** Builds a Worker as `wrangler deploy` would, and uploads nothing. `config` is a path from the project's root. */
export const buildWorker = (config: string, root = "."): Built => {
  const folder = mkdtempSync(join(tmpdir(), "bench-"))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const flags = ["deploy", "--dry-run", "--metafile", "--outdir", folder, "--config", config]
  try {
    execFileSync(process.execPath, ["node_modules/wrangler/bin/wrangler.js", ...flags], {
      cwd: root,
      stdio: "pipe",
      timeout: 120_000,
      env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" }
    })
  } catch (error) {
    remove()
    throw error
  }
  const modules = readdirSync(folder)
    .filter((name) => /\.(js|wasm)$/.test(name))
    .toSorted((a, b) => Number(b.endsWith(".js")) - Number(a.endsWith(".js")))
  const metafile = JSON.parse(readFileSync(join(folder, "bundle-meta.json"), "utf8")) as Metafile
  return { folder, modules, metafile, remove }
}

/** Adds another Worker's wasm to a Worker's upload, without an import of it. Changes its folder. */
export const withWasm = (built: Built, other: Built): Built => {
  const wasm = other.modules.filter((name) => name.endsWith(".wasm"))
  for (const name of wasm) copyFileSync(join(other.folder, name), join(built.folder, name))
  return { ...built, modules: [...built.modules, ...wasm] }
}

/** The size of the upload, in bytes: raw, and gzipped as one stream, as the platform's limit counts it. */
export const uploadSize = ({ folder, modules }: Built) => {
  const contents = modules.map((name) => readFileSync(join(folder, name)))
  const sizes = contents.map((bytes, index) => ({
    name: modules[index] ?? "",
    raw: bytes.length,
    gz: gzipSync(bytes).length
  }))
  return { modules: sizes, raw: sum(sizes.map(({ raw }) => raw)), gz: gzipSync(Buffer.concat(contents)).length }
}

/** The share of each package in the minified JavaScript, in bytes, largest first; `src` is the gateway's own. */
export const byPackage = ({ metafile }: Built): ReadonlyArray<readonly [name: string, bytes: number]> => {
  const totals = new Map<string, number>()
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = packageOf(path)
      totals.set(name, (totals.get(name) ?? 0) + bytesInOutput)
    }
  }
  return [...totals].toSorted(([, a], [, b]) => b - a)
}

const packageOf = (path: string): string => {
  const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? []
  if (name !== undefined) return name
  const [, generated] = /(?:^|\/)(src\/bundler\/generated\/[^/]+)$/.exec(path) ?? []
  return generated ?? "src"
}

const sum = (numbers: ReadonlyArray<number>) => numbers.reduce((total, number) => total + number, 0)
