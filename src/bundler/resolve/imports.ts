import type { OnLoadResult, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild-wasm"
import { insteadOfPackage, insteadOfUrl } from "./hints.ts"
import type { OtherModules } from "../npm/compiler/types.ts"
import { refuseRegistry } from "../npm/specifiers.ts"
import { makeImportBudget, MAX_SPECIFIER } from "./import-budget.ts"
import { isNodeModule } from "./node-modules.ts"
import { installedTarget } from "../project/aliases.ts"
import { folderOf, joinPath, nameOf } from "../project/paths.ts"
import type { Files } from "../project/project.ts"
import { importsHono, isPart, PROVIDED, providedSource } from "./provided.ts"
import { DATA, refuse, refuseScheme, tooLong } from "./refusals.ts"
import type { ResolveContext } from "./resolve-context.ts"
import { ImportRefused } from "../remote/url-rules.ts"
import { ROOT } from "../compiler/VirtualFs.ts"

/** The namespace of provided modules. */
const PACKAGE = "npm"

/** The namespace of fetched modules; with the path it reads as their URL does: `https` and `//esm.sh/x`. */
const REMOTE = "https"

/** The namespace of CommonJS modules that stand for modules of the platform. */
const REQUIRED = "require"

const PLATFORM = /^(node|cloudflare|workerd):/

const isRequire = ({ kind }: OnResolveArgs): boolean => kind === "require-call" || kind === "require-resolve"

/** Marks a query of this plugin to the compiler, which calls the plugins again: they leave it to the compiler. */
export const IMPORTS_QUERY = { isOwnQuery: true }

/** Resolves to a module of the platform. An ES module has no `require`, so a generated module imports it, as in wrangler. */
const external = (args: OnResolveArgs, path: string): OnResolveResult =>
  isRequire(args) ? { path, namespace: REQUIRED } : { path, external: true }

/** Resolves to a provided module. It has no side effects, so unused parts are left out of the bundle. */
const provided = (id: string): OnResolveResult => ({ path: id, namespace: PACKAGE, sideEffects: false })

const remoteAt = (context: ResolveContext, specifier: string, importer?: string): OnResolveResult => {
  const { remote, hosts, packages } = context
  try {
    return { path: remote.resolve(specifier, importer).slice(REMOTE.length + 1), namespace: REMOTE }
  } catch (error) {
    if (!(error instanceof ImportRefused)) throw error
    const foreign = packages === undefined ? undefined : refuseRegistry(specifier)
    if (foreign !== undefined) return refuse(foreign.text, foreign.hint)
    return refuse(
      `${JSON.stringify(specifier.slice(0, 200))} cannot be imported: ${error.message}`,
      insteadOfUrl(hosts)
    )
  }
}

/** Modules that need no file: those of the platform, and the provided packages. */
const withoutFile = (
  { packages }: ResolveContext,
  args: OnResolveArgs,
  importer: string,
  path = args.path
): OnResolveResult | undefined => {
  if (PLATFORM.test(path)) return external(args, path)
  const isProvided =
    packages?.project.isProvidedFor({ file: importer, specifier: path }) ?? (PROVIDED.has(path) && !isPart(path))
  if (isProvided) return provided(path)
  return isNodeModule(path) ? external(args, `node:${path}`) : undefined
}

/** How packages' imports of modules that are no packages are resolved. */
export const OTHER_MODULES: OtherModules = { platform: external, provided }

/** Whether the compiler itself finds a file for an import: it calls this plugin again, which leaves that call to it. */
const findsFile = async (build: PluginBuild, { path, kind, importer, resolveDir }: OnResolveArgs): Promise<boolean> => {
  const own = await build.resolve(path, { kind, importer, resolveDir, namespace: "file", pluginData: IMPORTS_QUERY })
  return own.errors.length === 0 && !own.external
}

/** Resolves an import, in a file of the project, that does not begin with a dot; `undefined` leaves it to the compiler. */
const fromFile = async (context: ResolveContext, build: PluginBuild, args: OnResolveArgs) => {
  const { path } = args
  if (args.pluginData === IMPORTS_QUERY || args.kind === "entry-point") return undefined
  if (path.length > MAX_SPECIFIER && !DATA.test(path) && !/^https?:/i.test(path)) return tooLong(path)
  if (PLATFORM.test(path)) return external(args, path)
  if (/^https?:/i.test(path)) return remoteAt(context, path)
  const mayBeOwn = context.mayBeOwn(path)
  if (mayBeOwn && (await findsFile(build, args))) return undefined
  const importer = args.importer.slice(ROOT.length + 1)
  if (path.startsWith("#")) {
    const target = context.subpathTarget(folderOf(importer), path, isRequire(args) ? "require" : "import")
    // The compiler finds files.
    if (target === undefined || target.startsWith(".")) return undefined
    return withoutFile(context, args, importer, target) ?? context.packages?.resolve(args, importer, target)
  }
  if (path.startsWith("/"))
    return refuse(`${JSON.stringify(path)} is an absolute path`, `Use a relative path: ${JSON.stringify(`.${path}`)}`)
  const targets = mayBeOwn ? context.aliases.targetsOf(path) : []
  const installed = installedTarget(targets)
  if (installed !== undefined)
    return withoutFile(context, args, importer, installed) ?? context.packages?.resolve(args, importer, installed)
  const known = withoutFile(context, args, importer) ?? refuseScheme(path)
  if (known !== undefined || context.packages === undefined || DATA.test(path)) return known
  // package.json may map any name to a file, by `browser` or as the package's own name.
  if (!mayBeOwn && (await findsFile(build, args))) return undefined
  // An alias means a file of the project. Somebody else's package of that name is certainly not meant.
  if (targets.length > 0 && !context.packages.project.isDeclared({ file: importer, specifier: path })) return undefined
  return context.packages.resolve(args, importer)
}

/** Whether the path of any file contains the name at the end of a path. */
const hasNameOf = (files: Files, path: string): boolean => {
  const name = nameOf(path).split(".", 1)[0] ?? ""
  return name === "" || [...files.keys()].some((file) => file.includes(name))
}

/** Whether the compiler certainly finds no file: the author sent no package of that name, and no config maps it. */
const isUnknown = (context: ResolveContext, { path, pluginData, kind, importer }: OnResolveArgs): boolean => {
  if (pluginData === IMPORTS_QUERY || kind === "entry-point" || context.mayBeOwn(path) || DATA.test(path)) return false
  if (!path.startsWith("#")) return true
  const folder = folderOf(importer.slice(ROOT.length + 1))
  const target = context.subpathTarget(folder, path, kind.startsWith("require") ? "require" : "import")
  return target === undefined || (target.startsWith(".") && !hasNameOf(context.files, target))
}

const fromRemote = (context: ResolveContext, args: OnResolveArgs): OnResolveResult => {
  const { path } = args
  const importer = `${REMOTE}:${args.importer}`
  if (/^(https?:|\.{0,2}\/)/.test(path)) return remoteAt(context, path, importer)
  const { files, packageJson, hosts } = context
  const text = `The package ${JSON.stringify(path)} is not available`
  const rewrite = () => insteadOfPackage({ files, importer, hosts, versionOf: packageJson.versionOf }, path)
  return (
    withoutFile(context, args, importer) ??
    refuseScheme(path) ??
    context.packages?.resolve(args, importer) ??
    refuse(text, rewrite())
  )
}

/** The placeholder of a module that is not fetched yet. It may export any name. */
const ANYTHING = { contents: "module.exports = {}", loader: "js" } as const

const loadRemote = ({ remote }: ResolveContext, missing: Set<string>, path: string): OnLoadResult => {
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
 * Resolves imports that are no file of the project: provided packages, fetched modules, the platform's modules, or a refusal
 * with its replacement. The compiler resolves all others by itself. The plugin never waits for the network: it adds modules
 * that are not fetched yet to `missing`.
 */
export const importsPlugin = (context: ResolveContext, missing: Set<string>): Plugin => ({
  name: "imports",
  setup(build) {
    build.onResolve({ filter: /.*/, namespace: PACKAGE }, (args) =>
      PLATFORM.test(args.path)
        ? external(args, args.path)
        : provided(joinPath(folderOf(args.importer), args.path) ?? args.path)
    )
    build.onResolve({ filter: /.*/, namespace: REMOTE }, (args) => fromRemote(context, args))
    build.onResolve({ filter: /.*/, namespace: REQUIRED }, ({ path }) => ({ path, external: true }))
    const budget = makeImportBudget(context.files)
    if (budget.watches)
      build.onResolve({ filter: /^\./, namespace: "file" }, ({ path, resolveDir, kind }) => {
        if (kind === "entry-point") return undefined
        if (path.length > MAX_SPECIFIER) return tooLong(path)
        const isLost = budget.isLost(resolveDir.slice(ROOT.length + 1), path)
        return isLost && budget.isTooMany() ? { path, external: true } : undefined
      })
    build.onResolve({ filter: /^[^.]/, namespace: "file" }, async (args) => {
      const result = await fromFile(context, build, args)
      const isLost = result === undefined ? isUnknown(context, args) : result.errors !== undefined
      return isLost && budget.isTooMany() ? { path: args.path, external: true } : result
    })
    // One message to the compiler costs a fifth of the six calls of a file read. Import attributes say how to read, so they stay.
    build.onLoad({ filter: /.*/, namespace: "file" }, ({ path, with: attributes }) => {
      const contents = Object.keys(attributes).length > 0 ? undefined : context.disk.textAt(path)
      return contents === undefined ? undefined : { contents, loader: "default" }
    })
    const asCore = importsHono(context.files)
    build.onLoad({ filter: /.*/, namespace: PACKAGE }, ({ path }) => {
      const contents = providedSource(path, asCore)
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
