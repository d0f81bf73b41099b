import { BundleError, type Diagnostic } from "../diagnostics.ts"
import { findFile, isScript } from "./find-file.ts"
import { type PackageJson, readPackageJson } from "./package-json.ts"
import { joinPath, nameOf } from "./paths.ts"
import type { Files } from "./project.ts"
import { buildHint } from "./scripts.ts"
import type { ProjectConfig } from "../config/types.ts"

const NAMES = ["src/index", "index", "src/worker", "worker"]
const EXTENSIONS = ["ts", "tsx", "js", "jsx", "mts", "mjs"]
const DEFAULTS = NAMES.flatMap((name) => EXTENSIONS.map((extension) => `${name}.${extension}`))

/** The file where the program starts, and warnings about that choice. */
export interface Entrypoint {
  readonly path: string
  readonly warnings: ReadonlyArray<Diagnostic>
}

/** Finds the script that a path from the root means, as an import would. */
const scriptAt = (files: Files, written: string): string | undefined => {
  const path = joinPath("", written)
  const file = path === undefined ? undefined : findFile(files, path)
  return file !== undefined && isScript(file) ? file : undefined
}

/**
 * Finds the entrypoint. It is `main` of the wrangler configuration; else the first of `package.json`'s `exports`, `module` and
 * `main` that leads to a script, resolved like an import; else the first of `src/index`, `index`, `src/worker`, `worker` with a
 * script's extension. A field of `package.json` that leads nowhere is common (`npm init` writes `index.js`, build tools
 * `dist/index.js`), so it is only a warning if there is another entrypoint. `main` of wrangler has no fallback, as in wrangler
 * itself.
 *
 * @throws {BundleError} if there is no entrypoint, or `package.json` is not JSON.
 */
export const findEntrypoint = (
  files: Files,
  { entries }: Pick<PackageJson, "entries"> = readPackageJson(files),
  { main }: Pick<ProjectConfig, "main"> = {}
): Entrypoint => {
  if (main !== undefined) {
    const path = scriptAt(files, main.path)
    if (path !== undefined) return { path, warnings: [] }
    const text = `"main" leads to no script among the files: ${JSON.stringify(main.path)}`
    const hint = buildHint(files.get("package.json")) ?? "Send that file, or set the path of a file that was sent."
    throw new BundleError([{ ...main.place, text, hint }])
  }
  const fallback = DEFAULTS.find((path) => files.has(path))
  const [first] = entries
  for (const entry of entries) {
    const path = scriptAt(files, entry.path)
    if (path !== undefined) return { path, warnings: [] }
  }
  if (first === undefined) {
    if (fallback === undefined) throw new BundleError([noEntrypoint(files)])
    return { path: fallback, warnings: [] }
  }
  const text = `"${first.key}" leads to no script among the files: ${JSON.stringify(first.path)}`
  if (fallback === undefined) throw new BundleError([{ ...noEntrypoint(files), ...first.place, text }])
  return {
    path: fallback,
    warnings: [{ ...first.place, text, hint: `The bundler uses ${fallback} as the entrypoint instead.` }]
  }
}

/** Whether a script is not part of the program: a test, a configuration, a package. */
const isAside = (path: string): boolean =>
  /(^|[.\-_])(test|tests|spec|config|conf|setup|stories|bench|e2e)\.[^.]+$/i.test(nameOf(path)) ||
  nameOf(path).startsWith(".") ||
  /(^|\/)(node_modules|__tests__|__mocks__|tests?|specs?|e2e|fixtures|scripts|cypress|\.[^/]+)\//i.test(path)

/** Returns the script that is most likely the entrypoint: with a default export, then nearest to the root, then the first. */
const likeliest = (files: Files): string | undefined => {
  const scripts = [...files.keys()].filter((path) => isScript(path) && !isAside(path))
  const rank = (path: string) =>
    path.split("/").length + (files.get(path)?.includes("export default") === true ? 0 : 100)
  return scripts.toSorted((a, b) => rank(a) - rank(b))[0]
}

const noEntrypoint = (files: Files): Diagnostic => {
  const script = likeliest(files)
  const build = buildHint(files.get("package.json"))
  return {
    file: "",
    line: 0,
    column: 0,
    text: `There is no entrypoint: none of ${NAMES.join(", ")} with .${EXTENSIONS.join(", .")}`,
    hint:
      build ??
      (script === undefined
        ? "Send the program as index.ts or index.js."
        : `Rename ${script} to index.${script.split(".").at(-1)}, or send package.json: ${JSON.stringify({ main: script })}`)
  }
}
