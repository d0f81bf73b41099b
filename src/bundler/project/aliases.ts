import { BundleError, type Diagnostic } from "../diagnostics.ts"
import { matchPattern } from "../resolve/patterns.ts"
import { entriesOf, own, parseJson, withoutComments } from "./jsonc.ts"
import type { Files } from "./project.ts"

/** The most `paths` patterns of a project, because each import is compared with each of them. */
const MAX_PATTERNS = 1000

const tooMany: Diagnostic = {
  file: "",
  line: 0,
  column: 0,
  text: `The configs have more than ${MAX_PATTERNS} "paths"`,
  hint: 'Use patterns, as in "@/*": ["./src/*"].'
}

/** The `paths` of a project's TypeScript configs. */
export interface Aliases {
  /** The text of each pattern before its `*`. */
  readonly prefixes: ReadonlyArray<string>
  /** Whether any config has a `baseUrl`. */
  readonly hasBaseUrl: boolean
  /** Where a pattern leads a specifier: `["./src/lib/db"]`. The pattern `*` alone says nothing, nor do targets that only declare types. */
  readonly targetsOf: (specifier: string) => ReadonlyArray<string>
}

/** `../node_modules/preact/compat/` → `preact/compat`: a target that an install would make. */
export const installedTarget = (targets: ReadonlyArray<string>): string | undefined =>
  targets
    .flatMap((target) => {
      const folder = "node_modules/"
      const at = target.lastIndexOf(folder)
      return at < 0 ? [] : [target.slice(at + folder.length).replace(/\/$/, "")]
    })
    .find((it) => it !== "" && !it.startsWith("@types/"))

/** @throws {BundleError} if the configs have too many patterns. */
export const readAliases = (files: Files): Aliases => {
  const configs = [...files]
    .filter(([path, text]) => path.endsWith(".json") && (text.includes('"paths"') || text.includes('"baseUrl"')))
    .map(([path, text]) => parseJson(path, withoutComments(text)))
    .map((read) => ("problem" in read ? undefined : own(read.value, "compilerOptions")))
  const patterns = configs.flatMap((options) => entriesOf(own(options, "paths")))
  if (patterns.length > MAX_PATTERNS) throw new BundleError([tooMany])
  const certain = patterns.flatMap(([pattern, value]): ReadonlyArray<readonly [string, ReadonlyArray<string>]> => {
    const targets = Array.isArray(value) ? value.filter((it) => typeof it === "string") : []
    const code = targets.slice(0, MAX_PATTERNS).filter((target) => !/\.d\.[cm]?ts$/.test(target))
    return pattern === "*" || code.length === 0 ? [] : [[pattern, code]]
  })
  return {
    prefixes: patterns.map(([pattern]) => pattern.split("*", 1)[0] ?? ""),
    hasBaseUrl: configs.some((options) => own(options, "baseUrl") !== undefined),
    targetsOf: (specifier) => {
      const match = matchPattern(certain, specifier)
      return (match?.value ?? []).map((target) => target.replace("*", () => match?.star ?? ""))
    }
  }
}
