import { boundWarnings } from "../compiler/warnings.ts"
import { flagsFor } from "../config/compatibility/compatibility.ts"
import type { AssetRouting, ProjectConfig, ResourceRequest } from "../config/types.ts"
import { BundleError, type Diagnostic } from "../diagnostics.ts"
import type { Project } from "../project/project.ts"
import { type Assets, gatherAssets } from "./assets.ts"
import { textOf, fromBase64 } from "./base64.ts"
import type { Modules } from "./import-files.ts"
import type { Module } from "./modules.ts"
import { findMigrations, type Migrations } from "./migrations.ts"
import { siteBinding, siteProgram, type StaticSite } from "./static-site.ts"

/** The needs of a program beside its code. */
export interface Equipment {
  /**
   * The flags that the program runs with: those of its wrangler configuration, and `nodejs_compat`, unless that lists flags
   * without it and no code imports a `node:` module.
   */
  readonly compatibilityFlags: ReadonlyArray<string>
  /** Modules that the code imports, which are uploaded beside it. */
  readonly modules: ReadonlyArray<Module>
  readonly compatibilityDate: string
  /** Texts in `env`. */
  readonly vars: Readonly<Record<string, string>>
  readonly resources: ResourceRequest
  readonly assets: Assets | null
  readonly migrations: Migrations | null
  /** The names of secrets that the configuration calls required. */
  readonly requiredSecrets: ReadonlyArray<string>
  /**
   * Warnings about the author's files, the compiler's and those of the configuration: at most 20, each text and hint at most
   * 500 UTF-16 units.
   */
  readonly warnings: ReadonlyArray<Diagnostic>
}

/** The compiler's part of what there is to say. */
interface Compiled {
  /** The names that the program exports. */
  readonly exports: ReadonlyArray<string>
  /** The platform's modules that the code still imports. */
  readonly externals: ReadonlyArray<string>
  readonly warnings: ReadonlyArray<Diagnostic>
}

const describe = (
  project: Project,
  modules: Modules,
  { externals, warnings }: Compiled,
  served: { readonly directory: string; readonly routing: AssetRouting } | undefined
): Equipment => {
  const { files, binaries, config } = project
  const found =
    served === undefined ? undefined : gatherAssets(project, served.directory, served.routing, config.assets?.place)
  const sqlAt = (path: string) => {
    const base64 = binaries.get(path)
    return files.get(path) ?? (base64 === undefined ? undefined : textOf(fromBase64(base64)))
  }
  return {
    compatibilityDate: config.compatibilityDate,
    compatibilityFlags: flagsFor(config.compatibilityDate, config.compatibilityFlags, externals),
    modules: [...modules.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    vars: config.vars,
    resources: config.resources,
    assets: found?.assets ?? null,
    migrations:
      config.migrations === undefined
        ? null
        : findMigrations([...files.keys(), ...binaries.keys()], sqlAt, config.migrations),
    requiredSecrets: config.requiredSecrets,
    warnings: boundWarnings(
      [...warnings, ...config.warnings, ...(found?.warnings ?? [])],
      (file) => files.has(file) || binaries.has(file)
    )
  }
}

/** How assets are served, without where they are and where that is written. */
const routingOf = ({ binding, htmlHandling, notFoundHandling, runWorkerFirst }: AssetRouting): AssetRouting => ({
  binding,
  ...(htmlHandling === undefined ? {} : { htmlHandling }),
  ...(notFoundHandling === undefined ? {} : { notFoundHandling }),
  ...(runWorkerFirst === undefined ? {} : { runWorkerFirst })
})

const checkExports = ({ requiredExports }: ProjectConfig, exported: ReadonlyArray<string>): void => {
  const missing = requiredExports.filter(({ className }) => !exported.includes(className))
  if (missing.length > 0) throw new BundleError(missing.map(({ place }) => place))
}

/**
 * Says what a program needs beside its code.
 *
 * @throws {BundleError} if it cannot have it.
 */
export const describeProgram = (project: Project, modules: Modules, compiled: Compiled): Equipment => {
  const { assets } = project.config
  checkExports(project.config, compiled.exports)
  return describe(project, modules, compiled, assets && { directory: assets.directory, routing: routingOf(assets) })
}

/**
 * Says what a static site needs, and gives it a program.
 *
 * @throws {BundleError} if it cannot have it.
 */
export const describeSite = (
  project: Project,
  { settings, warnings }: StaticSite
): Equipment & { readonly code: string } => {
  const binding = settings.binding ?? siteBinding(project.config.vars)
  const served = { directory: settings.directory, routing: routingOf({ ...settings, binding }) }
  checkExports(project.config, [])
  const compiled = { exports: [], externals: [], warnings }
  return { ...describe(project, new Map(), compiled, served), code: siteProgram(binding) }
}
