import type { Loader, OnResolveArgs, OnResolveResult, PartialMessage, Plugin } from "esbuild-wasm"
import type { Rewrite } from "./diagnostics.ts"
import { insteadOfMissing, insteadOfPackage, insteadOfUrl } from "./hints.ts"
import { loaderFor, type Refusal } from "./loaders.ts"
import { findFile } from "./lookup.ts"
import { isNodeModule } from "./node-modules.ts"
import { extensionOf, folderOf, joinPath } from "./paths.ts"
import type { PackageJson } from "./package-json.ts"
import type { Files } from "./project.ts"
import { isPart, PROVIDED, providedSource } from "./provided.ts"
import type { Remote } from "./remote.ts"
import type { TsConfig } from "./tsconfig.ts"
import { ImportRefused } from "./url-rules.ts"

/** All that says where an import leads. */
export interface Context {
  readonly files: Files
  readonly tsconfig: Pick<TsConfig, "find">
  readonly packageJson: Pick<PackageJson, "find" | "versionOf">
  readonly remote: Remote
  readonly hosts: ReadonlySet<string>
}

/** The namespace of provided modules. Files live in esbuild's own, "file", at "/": their names then read as they were sent. */
const PACKAGE = "npm"

/** The namespace of fetched modules; with the path it reads as their URL does: `https` and `//esm.sh/x`. */
const REMOTE = "https"

const refuse = (text: string, hint: string | Rewrite): OnResolveResult => {
  const message: PartialMessage = typeof hint === "string" ? { text, notes: [{ text: hint }] } : { text, detail: hint }
  return { errors: [message] }
}

/** What the platform brings along. `require` of it would throw at run time: there is none in an ES module. */
const external = (args: OnResolveArgs, path: string): OnResolveResult => {
  if (args.kind !== "require-call" && args.kind !== "require-resolve") return { path, external: true }
  const name = path.replace(/^.*[:/]/, "").replace(/\W/g, "_")
  return refuse(
    `require() cannot load ${JSON.stringify(path)}`,
    `Write: import * as ${name} from ${JSON.stringify(path)}`
  )
}

const fileAt = (file: string): OnResolveResult => {
  const loader = loaderFor(extensionOf(file))
  return typeof loader === "string" ? { path: `/${file}` } : refuse(loader.text, loader.hint)
}

const relative = (files: Files, args: OnResolveArgs, importer: string, specifier = args.path): OnResolveResult => {
  const path = joinPath(folderOf(importer), specifier)
  if (path === undefined)
    return refuse(`${JSON.stringify(specifier)} leads out of the project`, "Imports end at the project's root.")
  const file = findFile(files, path, /(^|\/)\.{0,2}$/.test(specifier))
  if (file !== undefined) return fileAt(file)
  return refuse(`${JSON.stringify(args.path)} is not among the files`, {
    specifier: args.path,
    hint: () => insteadOfMissing(files, importer, path)
  })
}

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

const resolve = (context: Context, args: OnResolveArgs): OnResolveResult => {
  const { files } = context
  const { path } = args
  if (args.kind === "entry-point") return { path: `/${path}` }
  if (/^(node|cloudflare|workerd):/.test(path)) return external(args, path)
  if (args.namespace === PACKAGE) return provided(joinPath(folderOf(args.importer), path) ?? path)
  if (args.namespace === REMOTE) {
    const importer = `${REMOTE}:${args.importer}`
    if (/^(https?:|\.{0,2}\/)/.test(path)) return remoteAt(context, path, importer)
    return bare(context, args, importer)
  }
  const importer = args.importer.slice(1)
  if (/^\.{1,2}(\/|$)/.test(path)) return relative(files, args, importer)
  if (/^https?:/i.test(path)) return remoteAt(context, path)
  const mapped = context.tsconfig.find(path)
  if (mapped !== undefined) return fileAt(mapped)
  if (path.startsWith("/"))
    return refuse(`${JSON.stringify(path)} is an absolute path`, `Write a relative one: ${JSON.stringify(`.${path}`)}`)
  const target = context.packageJson.find(path)
  if (target?.startsWith("./") === true) return relative(files, args, "package.json", target)
  return bare(context, target === undefined ? args : { ...args, path: target }, importer)
}

/** What is neither a path nor a URL. */
const bare = ({ files, packageJson, hosts }: Context, args: OnResolveArgs, importer: string): OnResolveResult => {
  const { path } = args
  if (/^(node|cloudflare|workerd):/.test(path)) return external(args, path)
  if (PROVIDED.has(path) && !isPart(path)) return provided(path)
  if (isNodeModule(path)) return external(args, `node:${path}`)
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(path)?.[1]
  if (scheme !== undefined && scheme !== "npm" && scheme !== "jsr")
    return refuse(
      `Imports cannot begin with "${scheme}:"`,
      "Importable are relative paths, hono, https: URLs, and node:, cloudflare: and workerd: modules."
    )
  const text = `The package ${JSON.stringify(path)} is not available`
  return refuse(text, insteadOfPackage({ files, importer, hosts, versionOf: packageJson.versionOf }, path))
}

/** In the place of a module that is still to be fetched: one that may export anything. */
const ANYTHING = { contents: "module.exports = {}", loader: "js" } as const

const load = (contents: string | undefined, loader: Loader | Refusal) =>
  contents === undefined || typeof loader !== "string" ? null : { contents, loader }

/** How many refusals are told: more are of no use to anybody, and each costs the compiler time. */
const TOLD = 100

/**
 * Where imports lead: to files of the project, to provided packages, to modules that were fetched, to the platform's own,
 * or to a refusal that says what to write instead. Every import passes through here; nothing falls through to esbuild's own
 * resolution, which would look for a file system. And nothing is awaited: a module that was not fetched yet goes to `missing`.
 */
export const importsPlugin = (context: Context, missing: Set<string>): Plugin => ({
  name: "imports",
  setup(build) {
    let refusals = 0
    build.onResolve({ filter: /.*/ }, (args) => {
      const result = resolve(context, args)
      if (result.errors === undefined || refusals++ < TOLD) return result
      return { path: args.path, external: true }
    })
    build.onLoad({ filter: /.*/, namespace: PACKAGE }, ({ path }) => load(providedSource(path), "js"))
    build.onLoad({ filter: /.*/, namespace: "file" }, ({ path }) =>
      load(context.files.get(path.slice(1)), loaderFor(extensionOf(path)))
    )
    build.onLoad({ filter: /.*/, namespace: REMOTE }, ({ path }) => {
      const url = `${REMOTE}:${path}`
      const module = context.remote.get(url)
      if (module === undefined) {
        missing.add(url)
        return ANYTHING
      }
      if (!(module instanceof ImportRefused)) return { contents: module.text, loader: module.loader }
      return { errors: [{ text: `${url} cannot be imported: ${module.message}` }] }
    })
  }
})
