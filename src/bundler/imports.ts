import type { OnLoadResult, OnResolveArgs, OnResolveResult, PartialMessage, Plugin, PluginBuild } from "esbuild-wasm"
import type { Rewrite } from "./diagnostics.ts"
import { insteadOfPackage, insteadOfUrl } from "./hints.ts"
import { isNodeModule } from "./node-modules.ts"
import { folderOf, joinPath } from "./paths.ts"
import type { PackageJson } from "./package-json.ts"
import type { Files } from "./project.ts"
import { isPart, PROVIDED, providedSource } from "./provided.ts"
import type { Remote } from "./remote.ts"
import { ImportRefused } from "./url-rules.ts"
import { ROOT, type VirtualFs } from "./virtual-fs.ts"

/** All that says where an import leads. */
export interface Context {
  readonly files: Files
  /** The files as the compiler sees them. */
  readonly disk: VirtualFs
  readonly packageJson: Pick<PackageJson, "versionOf">
  /** The package of `package.json`'s `imports` that `#x` stands for, as seen from a folder; `undefined` for a file. */
  readonly importedPackage: (folder: string, specifier: string, kind: "import" | "require") => string | undefined
  /** Whether a package's name may mean something in the project: a path of a config, a package that was sent. */
  readonly mayBeOwn: (specifier: string) => boolean
  readonly remote: Remote
  readonly hosts: ReadonlySet<string>
}

/** The namespace of provided modules. */
const PACKAGE = "npm"

/** The namespace of fetched modules; with the path it reads as their URL does: `https` and `//esm.sh/x`. */
const REMOTE = "https"

/** The namespace of CommonJS modules that stand for modules of the platform. */
const REQUIRED = "require"

const PLATFORM = /^(node|cloudflare|workerd):/

const refuse = (text: string, hint: string | Rewrite): OnResolveResult => {
  const message: PartialMessage = typeof hint === "string" ? { text, notes: [{ text: hint }] } : { text, detail: hint }
  return { errors: [message] }
}

const isRequire = ({ kind }: OnResolveArgs): boolean => kind === "require-call" || kind === "require-resolve"

/** A module of the platform. There is no `require` in an ES module, so that one of ours imports it, as wrangler does. */
const external = (args: OnResolveArgs, path: string): OnResolveResult =>
  isRequire(args) ? { path, namespace: REQUIRED } : { path, external: true }

/** A provided module. Those have no side effects, so that what is not used of them leaves the bundle. */
const provided = (id: string): OnResolveResult => ({ path: id, namespace: PACKAGE, sideEffects: false })

const remoteAt = ({ remote, hosts }: Context, specifier: string, importer?: string): OnResolveResult => {
  try {
    return { path: remote.resolve(specifier, importer).slice(REMOTE.length + 1), namespace: REMOTE }
  } catch (error) {
    if (!(error instanceof ImportRefused)) throw error
    return refuse(
      `${JSON.stringify(specifier.slice(0, 200))} cannot be imported: ${error.message}`,
      insteadOfUrl(hosts)
    )
  }
}

/** Modules that need no file: those of the platform, and the provided packages. */
const known = (args: OnResolveArgs, path = args.path): OnResolveResult | undefined => {
  if (PLATFORM.test(path)) return external(args, path)
  if (PROVIDED.has(path) && !isPart(path)) return provided(path)
  return isNodeModule(path) ? external(args, `node:${path}`) : undefined
}

/** Data URLs that the compiler reads; it would leave the others to the platform, which has none. */
const DATA = /^data:(text\/javascript|application\/json|text\/css)[,;]/

const refuseScheme = (path: string): OnResolveResult | undefined => {
  const scheme = /^([a-z][a-z0-9+.-]{0,40}):/i.exec(path)?.[1]
  if (scheme === undefined || scheme === "npm" || scheme === "jsr" || DATA.test(path)) return undefined
  return refuse(
    `Imports cannot begin with "${scheme}:"`,
    "Importable are relative paths, hono, https: URLs, and node:, cloudflare: and workerd: modules."
  )
}

/** An import of a file of the project that does not begin with a dot. Without an answer, the compiler looks for it. */
const fromFile = async (context: Context, build: PluginBuild, args: OnResolveArgs) => {
  const { path } = args
  if (args.pluginData === ASKED || args.kind === "entry-point") return undefined
  if (PLATFORM.test(path)) return external(args, path)
  if (/^https?:/i.test(path)) return remoteAt(context, path)
  if (context.mayBeOwn(path)) {
    const { kind, importer, resolveDir } = args
    const own = await build.resolve(path, { kind, importer, resolveDir, namespace: "file", pluginData: ASKED })
    if (own.errors.length === 0 && !own.external) return undefined
  }
  if (path.startsWith("#")) {
    const folder = folderOf(args.importer.slice(ROOT.length + 1))
    const target = context.importedPackage(folder, path, isRequire(args) ? "require" : "import")
    return target === undefined ? undefined : known(args, target)
  }
  if (path.startsWith("/"))
    return refuse(`${JSON.stringify(path)} is an absolute path`, `Write a relative one: ${JSON.stringify(`.${path}`)}`)
  return known(args) ?? refuseScheme(path)
}

/** Marks a question of ours to the compiler, which comes by here as well. */
const ASKED = { asked: true }

const fromRemote = (context: Context, args: OnResolveArgs): OnResolveResult => {
  const { path } = args
  const importer = `${REMOTE}:${args.importer}`
  if (/^(https?:|\.{0,2}\/)/.test(path)) return remoteAt(context, path, importer)
  const { files, packageJson, hosts } = context
  const text = `The package ${JSON.stringify(path)} is not available`
  const rewrite = () => insteadOfPackage({ files, importer, hosts, versionOf: packageJson.versionOf }, path)
  return known(args) ?? refuseScheme(path) ?? refuse(text, rewrite())
}

/** In the place of a module that is still to be fetched: one that may export anything. */
const ANYTHING = { contents: "module.exports = {}", loader: "js" } as const

const loadRemote = ({ remote }: Context, missing: Set<string>, path: string): OnLoadResult => {
  const url = `${REMOTE}:${path}`
  const module = remote.get(url)
  if (module === undefined) {
    missing.add(url)
    return ANYTHING
  }
  if (!(module instanceof ImportRefused)) return { contents: module.text, loader: module.loader }
  return { errors: [{ text: `${url} cannot be imported: ${module.message}` }] }
}

/**
 * Leads imports to what is not on the project's disk: provided packages, modules that were fetched, the platform's own, or
 * a refusal that says what to write instead. Everything else the compiler finds by itself. Nothing here waits for a network:
 * a module that was not fetched yet goes to `missing`.
 */
export const importsPlugin = (context: Context, missing: Set<string>): Plugin => ({
  name: "imports",
  setup(build) {
    build.onResolve({ filter: /.*/, namespace: PACKAGE }, (args) =>
      PLATFORM.test(args.path)
        ? external(args, args.path)
        : provided(joinPath(folderOf(args.importer), args.path) ?? args.path)
    )
    build.onResolve({ filter: /.*/, namespace: REMOTE }, (args) => fromRemote(context, args))
    build.onResolve({ filter: /.*/, namespace: REQUIRED }, ({ path }) => ({ path, external: true }))
    build.onResolve({ filter: /^[^.]/, namespace: "file" }, (args) => fromFile(context, build, args))
    // A message costs the compiler a fifth of the six calls that reading from a disk takes. Attributes say how to read.
    build.onLoad({ filter: /.*/, namespace: "file" }, ({ path, with: attributes }) => {
      const contents = Object.keys(attributes).length > 0 ? undefined : context.disk.textAt(path)
      return contents === undefined ? undefined : { contents, loader: "default" }
    })
    build.onLoad({ filter: /.*/, namespace: PACKAGE }, ({ path }) => {
      const contents = providedSource(path)
      return contents === undefined ? null : { contents, loader: "js" }
    })
    build.onLoad({ filter: /.*/, namespace: REQUIRED }, ({ path }) => ({
      contents: path.startsWith("node:")
        ? `import it from ${JSON.stringify(path)}; module.exports = it`
        : `import * as it from ${JSON.stringify(path)}; module.exports = it`,
      loader: "js"
    }))
    build.onLoad({ filter: /.*/, namespace: REMOTE }, ({ path }) => loadRemote(context, missing, path))
  }
})
