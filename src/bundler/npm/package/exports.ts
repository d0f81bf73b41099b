import { isObject } from "./json.ts"

/** The conditions that apply: wrangler's, and `import` or `require` by the kind of the import. Not `module`. */
export const CONDITIONS = {
  import: new Set(["workerd", "worker", "browser", "import", "default"]),
  require: new Set(["workerd", "worker", "browser", "require", "default"])
} as const

/** Whether a module is imported or required. Conditions and the main field depend on it. */
export type Way = keyof typeof CONDITIONS

/** How deep conditions may be nested. */
const MAX_DEPTH = 16

/** How many entries of `exports` are read; the largest that was seen has some hundreds. */
const MAX_ENTRIES = 10_000

/** The first target that applies, in the order of the file. `null` excludes the path; `undefined` leaves it to later entries. */
const choose = (target: unknown, way: Way, depth = 0): string | null | undefined => {
  if (target === null || typeof target === "string") return target
  if (depth > MAX_DEPTH) return undefined
  if (Array.isArray(target)) {
    for (const item of target.slice(0, MAX_ENTRIES)) {
      const chosen = choose(item, way, depth + 1)
      if (chosen !== undefined && chosen !== null) return chosen
    }
    return undefined
  }
  if (!isObject(target)) return undefined
  for (const [condition, value] of Object.entries(target)) {
    if (!CONDITIONS[way].has(condition)) continue
    const chosen = choose(value, way, depth + 1)
    if (chosen !== undefined) return chosen
  }
  return undefined
}

/** The text before and after the star of a pattern. A folder (`"./lib/"`) is a pattern with nothing after it, as in older Node. */
const partsOf = (pattern: string): readonly [before: string, after: string] | undefined => {
  const star = pattern.indexOf("*")
  if (star >= 0) return [pattern.slice(0, star), pattern.slice(star + 1)]
  return pattern.endsWith("/") ? [pattern, ""] : undefined
}

const match = (entries: Readonly<Record<string, unknown>>, key: string, way: Way): string | null | undefined => {
  if (Object.hasOwn(entries, key) && !key.includes("*") && !key.endsWith("/")) return choose(entries[key], way)
  let best: { readonly before: string; readonly value: unknown; readonly star: string } | undefined
  for (const [pattern, value] of Object.entries(entries).slice(0, MAX_ENTRIES)) {
    const [before, after = ""] = partsOf(pattern) ?? []
    if (before === undefined || key.length < before.length + after.length) continue
    if (!key.startsWith(before) || !key.endsWith(after)) continue
    if (best !== undefined && best.before.length >= before.length) continue
    best = { before, value, star: key.slice(before.length, key.length - after.length) }
  }
  if (best === undefined) return undefined
  const { star, value } = best
  const chosen = choose(value, way)
  if (typeof chosen !== "string") return chosen
  return chosen.includes("*") ? chosen.replaceAll("*", () => star) : chosen.endsWith("/") ? chosen + star : chosen
}

/** Whether `exports` lists subpaths. A lone target, or lone conditions, mean "." alone. */
const hasSubpaths = (exports: unknown): exports is Readonly<Record<string, unknown>> =>
  isObject(exports) && Object.keys(exports).some((key) => key.startsWith("."))

/**
 * The target of a subpath in `exports`.
 *
 * @param subpath "." or "./sub".
 */
export const resolveExports = (exports: unknown, subpath: string, way: Way): string | null | undefined =>
  match(hasSubpaths(exports) ? exports : { ".": exports }, subpath, way)

/**
 * The target of a name in `imports`.
 *
 * @param specifier "#x".
 */
export const resolveImports = (imports: unknown, specifier: string, way: Way): string | null | undefined =>
  isObject(imports) ? match(imports, specifier, way) : undefined

/** Some of the subpaths that can be imported, without the leading "./": for a hint. */
export const exportedSubpaths = (exports: unknown, count: number): ReadonlyArray<string> =>
  hasSubpaths(exports)
    ? Object.keys(exports)
        .filter((key) => key.startsWith("./") && key !== "./package.json")
        .slice(0, count)
        .map((key) => key.slice("./".length))
    : []
