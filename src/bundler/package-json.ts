import { BundleError } from "./diagnostics.ts"
import { entriesOf, own, parseJson, type Place, placeAt } from "./jsonc.ts"
import { matchPattern } from "./patterns.ts"
import type { Files } from "./project.ts"

/** The project's own `package.json`, as far as bundling looks at it. */
export interface PackageJson {
  /** `exports["."]`, else `main`, where it is a string that says something, and where it is written. */
  readonly main?: { readonly key: "exports" | "main"; readonly path: string; readonly place: Place }
  /** What an import of the project by its own name means, or of `#x`: a path from the root (`./src/x.ts`), or a package. */
  readonly find: (specifier: string) => string | undefined
  /** The version of a package that it asks for, where that is a plain one: `1.2.3`, `^1.2`, `~1`. */
  readonly versionOf: (name: string) => string | undefined
}

const FILE = "package.json"

/** As the platform's own tools set them. */
const CONDITIONS = new Set(["workerd", "worker", "module", "import", "default"])

/** The first target that applies here: conditions in the order in which they are written, the first of several. */
const choose = (target: unknown, depth = 0): string | undefined => {
  if (typeof target === "string") return target
  if (depth > 8) return undefined
  const options = Array.isArray(target)
    ? target
    : entriesOf(target)
        .filter(([condition]) => CONDITIONS.has(condition))
        .map(([, value]) => value)
  for (const option of options) {
    const chosen = choose(option, depth + 1)
    if (chosen !== undefined) return chosen
  }
  return undefined
}

/** `exports` by subpath: a target alone, or conditions alone, stand for ".". */
const subpaths = (exports: unknown): ReadonlyArray<readonly [subpath: string, target: unknown]> => {
  const entries = entriesOf(exports)
  return entries.some(([key]) => key.startsWith(".")) ? entries : exports === undefined ? [] : [[".", exports]]
}

const target = (entries: ReadonlyArray<readonly [string, unknown]>, specifier: string): string | undefined => {
  const match = matchPattern(entries, specifier)
  return match === undefined ? undefined : choose(match.value)?.replaceAll("*", () => match.star)
}

/**
 * Reads `package.json`; a project need not have one.
 *
 * @throws {BundleError} when it is not JSON.
 */
export const readPackageJson = (files: Files): PackageJson => {
  const source = files.get(FILE)
  if (source === undefined) return { find: () => undefined, versionOf: () => undefined }
  const read = parseJson(FILE, source)
  if ("problem" in read) throw new BundleError([read.problem])
  const json = read.value
  const name = own(json, "name")
  const imports = entriesOf(own(json, "imports"))
  const exports = subpaths(own(json, "exports"))
  const find = (specifier: string): string | undefined => {
    if (specifier.startsWith("#")) return target(imports, specifier)
    if (typeof name !== "string" || name === "") return undefined
    if (specifier !== name && !specifier.startsWith(`${name}/`)) return undefined
    return target(exports, `.${specifier.slice(name.length)}`)
  }
  const place = (key: string) => placeAt(FILE, source, Math.max(0, source.search(new RegExp(`"${key}"\\s*:`))))
  const main = ([key, path]: readonly ["exports" | "main", unknown]): Pick<PackageJson, "main"> =>
    typeof path === "string" && path !== "" ? { main: { key, path, place: place(key) } } : {}
  const entry = target(exports, ".")
  return {
    ...main(entry === undefined ? ["main", own(json, "main")] : ["exports", entry]),
    find,
    versionOf: (dependency) => {
      for (const key of ["dependencies", "devDependencies", "peerDependencies"]) {
        const version = own(own(json, key), dependency)
        // It goes into a URL: nothing else does.
        if (typeof version === "string" && /^[\^~]?\d{1,9}(\.\d{1,9}){0,2}(-[\w.]{1,50})?$/.test(version))
          return version
      }
      return undefined
    }
  }
}
