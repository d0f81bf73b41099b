import type { Diagnostic } from "../diagnostics.ts"
import { readAssets } from "./asset-settings.ts"
import { BindingNames, readKv, readR2, readRequiredSecrets, readVars } from "./bindings.ts"
import { readAlias, readDefine, readMain, readRules } from "./build-settings.ts"
import { DEFAULT_COMPATIBILITY_DATE, readDate, readFlags, withNodeFlag } from "./compatibility/compatibility.ts"
import { readDatabase } from "./database.ts"
import { readDurableObjects } from "./durable-objects.ts"
import { Report } from "./Report.ts"
import { CONFIG_FILES, type ConfigSource, readSource } from "./text/source.ts"
import { checkTopLevel } from "./top-level.ts"
import type { ProjectConfig } from "./types.ts"
import { isTable } from "./values.ts"

/** The configuration of a project that has none. */
export const DEFAULT_CONFIG: ProjectConfig = {
  compatibilityDate: DEFAULT_COMPATIBILITY_DATE,
  define: {},
  alias: {},
  rules: [],
  vars: {},
  resources: { kv: [], r2: [], database: null, durableObjects: null },
  requiredExports: [],
  requiredSecrets: [],
  warnings: []
}

const makeConfig = (source: ConfigSource, now: number, hasFile: (path: string) => boolean): ProjectConfig => {
  const report = new Report(source)
  if (!isTable(source.value)) report.refuse([], `${source.file} is no object`, "Correct it or leave it out.")
  const names = new BindingNames(report)
  const main = readMain(report)
  const compatibilityFlags = readFlags(report)
  const vars = readVars(report, names)
  const kv = readKv(report, names)
  const database = readDatabase(report, names)
  const r2 = readR2(report, names)
  const durableObjects = readDurableObjects(report, names)
  const assets = readAssets(report, names, hasFile)
  const compatibilityDate = readDate(report, now)
  const hasObjects = (durableObjects.request?.bindings.length ?? 0) > 0
  const config = {
    ...(main === undefined ? {} : { main }),
    compatibilityDate,
    ...(compatibilityFlags === undefined ? {} : { compatibilityFlags }),
    ...(hasObjects ? withNodeFlag(report, compatibilityDate, compatibilityFlags) : {}),
    define: readDefine(report),
    alias: readAlias(report),
    rules: readRules(report),
    vars,
    resources: { kv, r2, database: database?.binding ?? null, durableObjects: durableObjects.request },
    requiredExports: durableObjects.requiredExports,
    requiredSecrets: readRequiredSecrets(report),
    ...(database === undefined ? {} : { migrations: database.migrations }),
    ...(assets === undefined ? {} : { assets })
  }
  checkTopLevel(report)
  return { ...config, warnings: report.warnings() }
}

/** The files that were not read, because wrangler reads only one. */
const ignored = (file: string, others: ReadonlyArray<string>): ReadonlyArray<Diagnostic> =>
  others.map((other) => ({
    file: other,
    line: 1,
    column: 1,
    text: `${other} is not read, because there is ${file}`,
    hint: "Remove one of them."
  }))

/** Names that a configuration has as an example to copy. */
const EXAMPLES = CONFIG_FILES.flatMap((file) => [`${file}.example`, file.replace(".", ".example.")])

const withoutConfig = (textOf: (path: string) => string | undefined): ProjectConfig => {
  const example = EXAMPLES.find((path) => textOf(path) !== undefined)
  if (example === undefined) return DEFAULT_CONFIG
  const text = `${example} is not read`
  const hint = `If the program needs its settings, name it ${example.replace(".example", "")}.`
  return { ...DEFAULT_CONFIG, warnings: [{ file: example, line: 1, column: 1, text, hint }] }
}

/**
 * Reads `wrangler.json`, `wrangler.jsonc` or `wrangler.toml` at the root, the first of them; a project need not have one.
 *
 * @param textOf the text of a file, by its path.
 * @param now milliseconds since 1970.
 * @param hasPlaces whether diagnostics and places say where, which takes longer than all the rest.
 * @throws {BundleError} when it cannot be read or honoured: its diagnostics say where.
 */
export const readConfig = (
  textOf: (path: string) => string | undefined,
  now = Date.now(),
  hasPlaces = true
): ProjectConfig => {
  const [file, ...others] = CONFIG_FILES.filter((path) => textOf(path) !== undefined)
  const text = file === undefined ? undefined : textOf(file)
  if (file === undefined || text === undefined) return withoutConfig(textOf)
  const config = makeConfig(readSource(file, text, hasPlaces), now, (path) => textOf(path) !== undefined)
  return { ...config, warnings: [...ignored(file, others), ...config.warnings] }
}
