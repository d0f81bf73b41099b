import { assert } from "@effect/vitest"
import { stringify } from "smol-toml"
import { readConfig } from "../../src/bundler/config/read-config.ts"
import type { ProjectConfig } from "../../src/bundler/config/types.ts"
import { BundleError, type Diagnostic } from "../../src/bundler/index.ts"

/** A day on which all dates of the tests but the future ones have passed. */
const NOW = Date.parse("2026-11-29T00:00:00Z")

/** Reads the configuration among files. */
export const readFiles = (files: Readonly<Record<string, string>>, now = NOW): ProjectConfig =>
  readConfig((path) => (Object.hasOwn(files, path) ? files[path] : undefined), now)

/** The diagnostics of files that must be refused. */
export const refusalOf = (files: Readonly<Record<string, string>>): ReadonlyArray<Diagnostic> => {
  try {
    readFiles(files)
  } catch (error) {
    assert.instanceOf(error, BundleError)
    return error.diagnostics
  }
  return assert.fail("it was read")
}

/** The same settings in each of the formats. */
export const inEachFormat = (
  config: Readonly<Record<string, unknown>>
): ReadonlyArray<Readonly<Record<string, string>>> => [
  { "wrangler.jsonc": `// a comment\n${JSON.stringify(config, null, 2).replace(/\n\}$/, ",\n}")}` },
  { "wrangler.json": JSON.stringify(config, null, "\t") },
  { "wrangler.toml": `# a comment\n${stringify(config)}` }
]

/** The line of a file that a diagnostic points to, from its column on. */
export const pointedAt = (files: Readonly<Record<string, string>>, { file, line, column }: Diagnostic): string =>
  (files[file]?.split("\n")[line - 1] ?? "").slice(column - 1)
