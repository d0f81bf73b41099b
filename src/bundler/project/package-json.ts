import { BundleError } from "../diagnostics.ts"
import { entriesOf, own, parseJson, type Place, placeAt } from "./jsonc.ts"
import { matchPattern } from "../resolve/patterns.ts"
import type { Files } from "./project.ts"

/** A field that names the entrypoint, and its place in the file. */
export interface EntryField {
  readonly key: "exports" | "module" | "main"
  readonly path: string
  readonly place: Place
}

/** The fields of the project's own `package.json` that the bundler itself reads; the compiler reads the others. */
export interface PackageJson {
  /** `exports["."]`, `module` and `main`, in this order; only those that are non-empty strings. */
  readonly entries: ReadonlyArray<EntryField>
  /** The version of a package that it asks for, if that is a plain one: `1.2.3`, `^1.2`, `~1`. */
  readonly versionOf: (name: string) => string | undefined
}

const FILE = "package.json"

/** The conditions that wrangler sets, for imports and for `require`. */
const CONDITIONS = {
  import: new Set(["workerd", "worker", "browser", "import", "default"]),
  require: new Set(["workerd", "worker", "browser", "require", "default"])
}

type Kind = keyof typeof CONDITIONS

/** The most entries of `imports`, and the most conditions of one, that are read. Real packages have fewer. */
const BOUND = 1000

/** Returns the first target that applies here. Conditions are tried in their written order. */
const choose = (target: unknown, kind: Kind): string | undefined => {
  const waiting: Array<unknown> = [target]
  for (let steps = 0; waiting.length > 0 && steps < BOUND; steps++) {
    const option = waiting.pop()
    if (typeof option === "string") return option
    const options = Array.isArray(option)
      ? option
      : entriesOf(option)
          .filter(([condition]) => CONDITIONS[kind].has(condition))
          .map(([, value]) => value)
    for (const it of options.slice(0, BOUND).toReversed()) waiting.push(it)
  }
  return undefined
}

/** Returns `exports` by subpath. A lone target, or lone conditions, mean ".". */
const subpaths = (exports: unknown): ReadonlyArray<readonly [subpath: string, target: unknown]> => {
  const entries = entriesOf(exports)
  return entries.some(([key]) => key.startsWith(".")) ? entries : exports === undefined ? [] : [[".", exports]]
}

const target = (
  entries: ReadonlyArray<readonly [string, unknown]>,
  specifier: string,
  kind: Kind
): string | undefined => {
  const match = matchPattern(entries, specifier)
  return match === undefined ? undefined : choose(match.value, kind)?.replaceAll("*", () => match.star)
}

/**
 * Reads the `package.json` at the root; a project need not have one.
 *
 * @throws {BundleError} when it is not JSON.
 */
export const readPackageJson = (files: Files): PackageJson => {
  const source = files.get(FILE)
  if (source === undefined) return { entries: [], versionOf: () => undefined }
  const read = parseJson(FILE, source)
  if ("problem" in read) throw new BundleError([read.problem])
  const json = read.value
  // bounded: three literal keys, and blanks counted
  const place = (key: string) => placeAt(FILE, source, Math.max(0, source.search(new RegExp(`"${key}"\\s{0,100}:`))))
  const written = [
    ["exports", target(subpaths(own(json, "exports")), ".", "import")],
    ["module", own(json, "module")],
    ["main", own(json, "main")]
  ] as const
  return {
    entries: written.flatMap(([key, path]) =>
      typeof path === "string" && path !== "" ? [{ key, path, place: place(key) }] : []
    ),
    versionOf: (dependency) => {
      for (const key of ["dependencies", "devDependencies", "peerDependencies"]) {
        const version = own(own(json, key), dependency)
        // The version becomes part of a URL, so only plain versions are allowed.
        if (typeof version === "string" && /^[\^~]?\d{1,9}(\.\d{1,9}){0,2}(-[\w.]{1,50})?$/.test(version))
          return version
      }
      return undefined
    }
  }
}

/** Makes a function that finds the target of `#x` in the `imports` of the `package.json` nearest to a folder. */
export const makeSubpathTarget = (files: Files) => {
  const entries = new Map<string, ReadonlyArray<readonly [string, unknown]>>()
  const entriesAt = (path: string, source: string) => {
    const known = entries.get(path)
    if (known !== undefined) return known
    const read = parseJson(path, source)
    const found = "problem" in read ? [] : entriesOf(own(read.value, "imports")).slice(0, BOUND)
    entries.set(path, found)
    return found
  }
  return (folder: string, specifier: string, kind: Kind): string | undefined => {
    for (let parts = folder === "" ? [] : folder.split("/"); ; parts = parts.slice(0, -1)) {
      const path = [...parts, FILE].join("/")
      const source = files.get(path)
      if (source !== undefined) return target(entriesAt(path, source), specifier, kind)
      if (parts.length === 0) return undefined
    }
  }
}
