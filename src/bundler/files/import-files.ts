import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild-wasm"
import { ROOT } from "../compiler/VirtualFs.ts"
import type { ModuleRule } from "../config/types.ts"
import type { Project } from "../project/project.ts"
import { IMPORTS_QUERY } from "../resolve/imports.ts"
import { fromBase64, textOf } from "./base64.ts"
import { matchesWildcard } from "./glob.ts"
import { isWasmModule, type Module, moduleName } from "./modules.ts"

/** Marks a query of a plugin to the compiler, which calls the plugin again. */
const OWN_QUERY = { isFileQuery: true }

/** Namespaces; with the path they read as the kind of import and the file. */
const TEXT = "text"
const DATA = "data"
const BYTES = "bytes"

/** Wrangler's default rules for bytes and for WebAssembly. The compiler itself knows which files are texts. */
const DEFAULT_RULES: ReadonlyArray<ModuleRule> = [
  { type: "Data", globs: ["*.bin"] },
  { type: "CompiledWasm", globs: ["*.wasm", "*.wasm?module"] }
]

/** Modules of a project by the names that the bundle imports them by. */
export type Modules = Map<string, Module>

const asModule = (path: string, base64: string | undefined, modules: Modules): OnResolveResult | undefined => {
  // For a text the compiler has a message of its own.
  if (base64 === undefined) return undefined
  if (!isWasmModule(base64)) {
    const note = { text: 'Send its bytes: { "base64": "AGFzbQ…" }.' }
    return { errors: [{ text: `${JSON.stringify(path)} is no WebAssembly module`, notes: [note] }] }
  }
  const name = moduleName(path)
  modules.set(name, { name, kind: "wasm", base64 })
  return { path: `./${name}`, external: true }
}

const resolveFile = async (
  build: PluginBuild,
  args: OnResolveArgs,
  typeOf: (specifier: string) => ModuleRule["type"] | undefined,
  { binaries }: Pick<Project, "binaries">,
  modules: Modules
): Promise<OnResolveResult | undefined> => {
  const { path, kind, importer, resolveDir } = args
  const isQuery = args.pluginData === OWN_QUERY || args.pluginData === IMPORTS_QUERY
  const isRead = isQuery || kind === "entry-point" || Object.keys(args.with).length > 0
  const type = isRead ? undefined : typeOf(path)
  if (type === undefined) return undefined
  const specifier = path.split("?", 1)[0] ?? ""
  const found = await build.resolve(specifier, { kind, importer, resolveDir, namespace: "file", pluginData: OWN_QUERY })
  const isFile = found.errors.length === 0 && !found.external && found.namespace === "file"
  if (!isFile || !found.path.startsWith(`${ROOT}/`)) return undefined
  const file = found.path.slice(ROOT.length + 1)
  if (type === "CompiledWasm") return asModule(file, binaries.get(file), modules)
  return { path: file, namespace: type === "Text" ? TEXT : DATA }
}

/**
 * Imports files as the rules of a configuration say, and wrangler's default ones: as texts, as bytes (an `ArrayBuffer`), or
 * as WebAssembly modules, which are uploaded beside the bundle.
 *
 * @param modules gets the modules that are imported.
 */
export const filesPlugin = (
  project: Pick<Project, "files" | "binaries">,
  rules: ReadonlyArray<ModuleRule>,
  modules: Modules
): Plugin => ({
  name: "files",
  setup(build) {
    const { files, binaries } = project
    const patterns = [...rules, ...DEFAULT_RULES].flatMap(({ type, globs }) => globs.map((glob) => ({ type, glob })))
    const typeOf = (specifier: string) =>
      specifier.length > 1000
        ? undefined
        : patterns.find(({ glob }) =>
            [specifier, specifier.replace(/^\.\//, "")].some((it) => matchesWildcard(glob, it))
          )?.type
    const bytesAt = (path: string): Uint8Array => {
      const base64 = binaries.get(path)
      return base64 === undefined ? new TextEncoder().encode(files.get(path) ?? "") : fromBase64(base64)
    }
    build.onResolve({ filter: /.*/, namespace: "file" }, (args) => resolveFile(build, args, typeOf, project, modules))
    build.onLoad({ filter: /.*/, namespace: TEXT }, ({ path }) => {
      const contents = files.get(path) ?? textOf(bytesAt(path))
      if (contents !== undefined) return { contents, loader: "text" }
      return { errors: [{ text: `${JSON.stringify(path)} is imported as text, and is none in UTF-8` }] }
    })
    build.onResolve({ filter: /.*/, namespace: DATA }, ({ importer }) => ({ path: importer, namespace: BYTES }))
    build.onLoad({ filter: /.*/, namespace: DATA }, () => ({
      contents: 'import bytes from "bytes"; export default bytes.buffer',
      loader: "js"
    }))
    build.onLoad({ filter: /.*/, namespace: BYTES }, ({ path }) => ({ contents: bytesAt(path), loader: "binary" }))
  }
})

/** Marks the query for an alias's target. */
const ALIAS_QUERY = { isAliasQuery: true }

/** Replaces modules by the aliases of a configuration, whose targets are relative to the root, or packages. */
export const aliasPlugin = (alias: Readonly<Record<string, string>>): Plugin => ({
  name: "alias",
  setup(build) {
    const targets = new Map(Object.entries(alias))
    build.onResolve({ filter: /.*/ }, async ({ path, kind, pluginData }) => {
      const target = pluginData === ALIAS_QUERY || kind === "entry-point" ? undefined : targets.get(path)
      if (target === undefined) return undefined
      const query = { kind, resolveDir: ROOT, importer: `${ROOT}/alias`, namespace: "file", pluginData: ALIAS_QUERY }
      const found = await build.resolve(target, query)
      if (found.errors.length === 0) return found
      const text = `The alias of ${JSON.stringify(path)} leads to no module: ${JSON.stringify(target)}`
      return { errors: [{ text, notes: [{ text: 'Correct "alias" in the configuration.' }] }] }
    })
  }
})

/** The plugins of a project that has files or settings for them, because each costs every import a message. */
export const projectPlugins = (project: Project, modules: Modules): ReadonlyArray<Plugin> => {
  const { alias, rules } = project.config
  const hasBytes = project.binaries.size > 0 || [...project.files.keys()].some((path) => path.endsWith(".bin"))
  return [
    ...(Object.keys(alias).length > 0 ? [aliasPlugin(alias)] : []),
    ...(hasBytes || rules.length > 0 ? [filesPlugin(project, rules, modules)] : [])
  ]
}
