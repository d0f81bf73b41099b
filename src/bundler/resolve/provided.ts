import type { Files } from "../project/project.ts"
import { ids, readModules, version } from "../generated/hono.js"

/**
 * The packages that need no network: hono's server-side modules, bundled at build time, by their ids. An entry's id is
 * its import specifier (`hono/cors`), and a shared part's id is a file name (`chunk-2F6A.js`).
 */
export const PROVIDED: ReadonlySet<string> = new Set(ids)

let sources: Readonly<Record<string, string>> | undefined

/** Returns the sources by id. The first build makes them, because most requests build nothing. */
export const providedSources = (): Readonly<Record<string, string>> => (sources ??= readModules())

/** The version of hono that is provided. */
export const PROVIDED_VERSION: string = version

/** Whether a module is only a shared part of others, which source cannot import. */
export const isPart = (id: string): boolean => id.endsWith(".js")

/** The specifiers that code can import, in alphabetical order, without hono's utilities. */
export const PROVIDED_SPECIFIERS: ReadonlyArray<string> = ids
  .filter((id) => !isPart(id) && !id.startsWith("hono/utils/"))
  .toSorted()

/**
 * Whether a project imports hono itself. Then a build loads hono's core as one module, which takes less time than its twenty parts.
 * Either way builds the same program, so this need not be exact.
 */
export const importsHono = (files: Files): boolean =>
  [...files.values()].some((source) => source.includes("'hono'") || source.includes('"hono"'))

/**
 * Returns a provided module's source.
 *
 * @param asCore whether the parts of hono's core are taken from one module. All of a build must be taken so, or none.
 */
export const providedSource = (id: string, asCore = false): string | undefined => {
  if (!PROVIDED.has(id)) return undefined
  const link = asCore ? providedSources()[`link-${id.replace(/\.js$/, "")}.js`] : undefined
  return link ?? providedSources()[id]
}
