import { BundleError, type Diagnostic } from "./diagnostics.ts"
import { findFile, isScript } from "./lookup.ts"
import { type PackageJson, readPackageJson } from "./package-json.ts"
import { joinPath } from "./paths.ts"
import type { Files } from "./project.ts"

const NAMES = ["src/index", "index", "src/worker", "worker"]
const EXTENSIONS = ["ts", "tsx", "js", "jsx", "mts", "mjs"]
const USUAL = NAMES.flatMap((name) => EXTENSIONS.map((extension) => `${name}.${extension}`))

/** Where the program starts, and what about the choice its author should know. */
export interface Entrypoint {
  readonly path: string
  readonly warnings: ReadonlyArray<Diagnostic>
}

/**
 * `package.json`'s `exports` or else `main` where it leads to a script, resolved like an import; else the first of `src/index`, `index`,
 * `src/worker`, `worker` with a script's extension. A `main` that leads nowhere is common (`npm init` writes `index.js`,
 * build tools `dist/index.js`), so it is a warning as long as there is a usual entrypoint.
 *
 * @throws {BundleError} when there is no entrypoint, or `package.json` is not JSON.
 */
export const findEntrypoint = (files: Files, { main }: PackageJson = readPackageJson(files)): Entrypoint => {
  const usual = USUAL.find((path) => files.has(path))
  if (main === undefined) {
    if (usual === undefined) throw new BundleError([none(files)])
    return { path: usual, warnings: [] }
  }
  const path = joinPath("", main.path)
  const file = path === undefined ? undefined : findFile(files, path)
  if (file !== undefined && isScript(file)) return { path: file, warnings: [] }
  const text = `"${main.key}" leads to no script among the files: ${JSON.stringify(main.path)}`
  if (usual === undefined) throw new BundleError([{ ...none(files), ...main.place, text }])
  return { path: usual, warnings: [{ ...main.place, text, hint: `${usual} is taken as the entrypoint instead.` }] }
}

const none = (files: Files): Diagnostic => {
  const script = [...files.keys()].find(isScript)
  return {
    file: "",
    line: 0,
    column: 0,
    text: `There is no entrypoint: none of ${NAMES.join(", ")} with .${EXTENSIONS.join(", .")}`,
    hint:
      script === undefined
        ? "Send the program as index.ts or index.js."
        : `Rename ${script} to index.${script.split(".").at(-1)}, or send package.json: ${JSON.stringify({ main: script })}`
  }
}
