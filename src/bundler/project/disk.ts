import { BundleError, type Diagnostic } from "../diagnostics.ts"
import { type Aliases, readAliases } from "./aliases.ts"
import { checkExtends } from "./extends.ts"
import { withJsxPragmas } from "./jsx/jsx.ts"
import { isNodeModule } from "../resolve/node-modules.ts"
import { nameOf } from "./paths.ts"
import type { Files } from "./project.ts"
import { VirtualFs } from "../compiler/VirtualFs.ts"
import { workspaceLinks } from "./workspaces.ts"

/** Whether the compiler reads a file as a config. It does so in every folder. */
const isConfig = (path: string): boolean =>
  nameOf(path) === "package.json" || /^[jt]sconfig(\..{1,100})?\.json$/.test(nameOf(path))

/** Deeper JSON exhausts the compiler's stack, which crashes it without naming the file. */
const MAX_DEPTH = 500

/** Counts how deep brackets are nested, including those within strings. */
const depthOf = (json: string): number => {
  let depth = 0
  let deepest = 0
  for (let index = 0; index < json.length; index++) {
    const unit = json.charCodeAt(index)
    // [ and {, ] and }
    if (unit === 0x5b || unit === 0x7b) deepest = Math.max(deepest, ++depth)
    else if (unit === 0x5d || unit === 0x7d) depth--
  }
  return deepest
}

const tooDeep = (file: string): Diagnostic => ({
  file,
  line: 1,
  column: 1,
  text: `${file} is nested more than ${MAX_DEPTH} levels deep`,
  hint: "Correct it or leave it out."
})

/** `@acme/math/sub` → `@acme/math`. */
const packageOf = (specifier: string): string => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/")

/** Makes a test whether `paths` or `baseUrl` of any config may lead a specifier to a file. True means perhaps. */
const makeIsMapped = (files: Files, { prefixes, hasBaseUrl }: Aliases): ((specifier: string) => boolean) => {
  if (!hasBaseUrl) return (specifier) => prefixes.some((prefix) => specifier.startsWith(prefix))
  const names = new Set([...files.keys()].flatMap((path) => path.split("/")).map((name) => name.split(".", 1)[0]))
  return (specifier) =>
    prefixes.some((prefix) => specifier.startsWith(prefix)) || names.has(specifier.split(/[./]/, 1)[0])
}

/** The project as the compiler sees it. */
export interface Disk {
  readonly disk: VirtualFs
  /** Whether a package's name may mean something in the project: a path of a config, or a package that the author sent. */
  readonly mayBeOwn: (specifier: string) => boolean
  readonly aliases: Aliases
}

/**
 * Lays a project out for the compiler: its files, with a few exceptions, and the links of its workspaces.
 *
 * @param binaries files that are no text, in base64.
 * @throws {BundleError} if a configuration would exhaust the compiler.
 */
export const layOut = (files: Files, binaries: ReadonlyMap<string, string> = new Map()): Disk => {
  const deep = [...files].filter(([path, source]) => isConfig(path) && depthOf(source) > MAX_DEPTH)
  if (deep.length > 0) throw new BundleError(deep.slice(0, 50).map(([path]) => tooDeep(path)))
  const tooManyExtends = [...files.keys()]
    .filter((path) => /^[jt]sconfig\.json$/.test(nameOf(path)))
    .flatMap((path) => checkExtends(files, path) ?? [])
  if (tooManyExtends.length > 0) throw new BundleError(tooManyExtends.slice(0, 50))
  // TypeScript reads an empty config as {}. Yarn's files for Plug'n'Play refer to archives that the author did not send.
  const seen = [...withJsxPragmas(files)].filter(
    ([path, source]) =>
      !nameOf(path).startsWith(".pnp.") && !(isConfig(path) && /^\uFEFF?\s*$/.test(source.slice(0, 100)))
  )
  const links = workspaceLinks(files)
  const aliases = readAliases(files)
  const isMapped = makeIsMapped(files, aliases)
  const sent = new Set([
    ...[...links.keys()].map((link) => link.slice("node_modules/".length)),
    ...[...files.keys()].flatMap((path) => {
      const at = path.lastIndexOf("node_modules/")
      return at < 0 ? [] : [packageOf(path.slice(at + "node_modules/".length))]
    })
  ])
  return {
    disk: new VirtualFs(new Map(seen), links, binaries),
    mayBeOwn: (specifier) => isMapped(specifier) || (!isNodeModule(specifier) && sent.has(packageOf(specifier))),
    aliases
  }
}
