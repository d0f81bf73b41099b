import type { Rewrite } from "../diagnostics.ts"
import { findFile } from "../project/find-file.ts"
import { extensionOf, folderOf, nameOf, relativeSpecifier } from "../project/paths.ts"
import type { Files } from "../project/project.ts"
import { buildHint } from "../project/scripts.ts"
import { PROVIDED, PROVIDED_SPECIFIERS } from "./provided.ts"

/** The rule for packages, which several hints begin with. */
const PACKAGES =
  "Packages are not installed. Only hono and its server-side modules (hono/cors, hono/jwt, …) are provided."

/** Suggests a substitute for a refused import from a URL. */
export const insteadOfUrl = (hosts: ReadonlySet<string>): string =>
  `${hosts.size === 0 ? "" : `Import from https://${[...hosts].join(", https://")}, or send`}${hosts.size === 0 ? "Send" : ""} the module's source as a file and import it by its relative path.`

/** `npm:left-pad@1.3.0/x` → `left-pad/x`. */
const withoutVersion = (specifier: string): string => specifier.replace(/^(npm|jsr):/, "").replace(/(?<=.)@[^/]*/, "")

/** The file name for a package's source beside its importer: `left-pad.js`. */
const vendored = (name: string): string => {
  const file = name.replace(/[^\w.-]+/g, "-").replace(/^-|-$/g, "")
  return /^[cm]?[jt]sx?$/.test(extensionOf(file)) ? file : `${file}.js`
}

/** The CDN that serves packages as modules, their dependencies included. */
const CDN = "esm.sh"

/** `npm:@scope/name@1.2/sub` → its parts, where it is the name of a package. */
const PACKAGE_NAME =
  /^(?:npm:|jsr:)?((?:@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*)(?:@([\w.^~-]{1,50}))?((?:\/[\w.~-]+)*)$/i

/** The facts about a refused package. */
export interface Refused {
  readonly files: Files
  /** The file that imports it, or the URL. */
  readonly importer: string
  readonly hosts: ReadonlySet<string>
  readonly versionOf: (name: string) => string | undefined
}

const onCdn = (specifier: string, versionOf: Refused["versionOf"]): string | undefined => {
  const [, name, written, subpath = ""] = PACKAGE_NAME.exec(specifier) ?? []
  if (name === undefined) return undefined
  const version = written ?? versionOf(name)
  return `https://${CDN}/${specifier.startsWith("jsr:") ? "jsr/" : ""}${name}${version === undefined ? "" : `@${version}`}${subpath}`
}

/** Suggests a substitute for an import of package `specifier`. */
export const insteadOfPackage = ({ files, importer, hosts, versionOf }: Refused, specifier: string): Rewrite => {
  const folder = folderOf(importer)
  const aliased = specifier.replace(/^[@~#]?\/?/, "")
  const meant = findFile(files, aliased) ?? findFile(files, `src/${aliased}`)
  if (meant !== undefined)
    return {
      specifier: relativeSpecifier(folder, meant),
      hint: (line) => `Import the file by its relative path: ${line}`
    }
  if (specifier.startsWith("#"))
    return {
      specifier,
      hint: () => '"imports" of package.json does not list it. Add it there, or import the file by its relative path.'
    }
  const name = withoutVersion(specifier).replace(/^@hono\/hono(?=\/|$)/, "hono")
  if (name === "@hono/node-server")
    return {
      specifier: name,
      hint: () =>
        "A Worker needs no server, because the platform calls it. Remove this import and serve(…), and write: export default app"
    }
  if (/\/jsx(-dev)?-runtime$/.test(name))
    return {
      specifier: name,
      hint: () => 'Only the JSX of hono is provided. Leave out "jsxImportSource", or set it to "hono/jsx".'
    }
  if (PROVIDED.has(name)) return { specifier: name, hint: (line) => `Import it by its plain name: ${line}` }
  if (/^hono(\/|$)/.test(name))
    return { specifier: name, hint: () => `These modules of hono are provided: ${PROVIDED_SPECIFIERS.join(", ")}.` }
  const url = hosts.has(CDN) ? onCdn(specifier, versionOf) : undefined
  if (url !== undefined) {
    // Only the author knows which version is meant: a guess would be wrong one day.
    const advice = /[^/]@/.test(url)
      ? ""
      : " (add the version after the name, as in @1.2.3, so that it does not change)"
    return { specifier: url, hint: (line) => `${PACKAGES} Import it by its URL: ${line}${advice}` }
  }
  const file = vendored(name)
  const path = folder === "" ? file : `${folder}/${file}`
  return {
    specifier: `./${file}`,
    hint: (line) => `${PACKAGES} Send the package's source as ${path} and write: ${line}`
  }
}

/** The hint for a relative import that leads to no file: the file that may have been meant. */
export const insteadOfMissing = (files: Files, importer: string, path: string): string => {
  const names = [...files.keys()]
  const byLowerCase = new Map(names.map((name) => [name.toLowerCase(), name]))
  const stem = (name: string) => nameOf(name).replace(/\.[^.]+$/, "")
  const found =
    byLowerCase.get(findFile(byLowerCase, path.toLowerCase()) ?? "") ??
    names.find((name) => name !== importer && stem(name) === stem(path))
  const declared = ["ts", "mts", "cts"].map((it) => `${path.replace(/\.[cm]?[jt]sx?$/, "")}.d.${it}`)
  const declaration = declared.find((it) => files.has(it))
  if (declaration !== undefined)
    return `${declaration} only declares types and has no code to run. Send the source that it describes, or write "import type".`
  const build = /(^|\/)(\.\w[\w-]*|_?build|dist|out)\//.test(`${path}/`)
    ? buildHint(files.get("package.json"))
    : undefined
  if (build !== undefined) return build
  if (found !== undefined) return `Did you mean ${JSON.stringify(relativeSpecifier(folderOf(importer), found))}?`
  return `Send ${/\.\w+$/.test(path) ? path : `${path === "" ? "index" : path}.ts`}, or correct the import.`
}
