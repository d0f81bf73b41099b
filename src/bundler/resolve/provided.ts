import { modules, version } from "../generated/hono.js"

/**
 * The packages that need no network: hono's server-side modules, bundled at build time. Keys are module ids: an entry's id is
 * its import specifier (`hono/cors`), and a shared part's id is a file name (`chunk-2F6A.js`).
 */
export const PROVIDED: ReadonlyMap<string, string> = new Map(Object.entries(modules))

/** The version of hono that is provided. */
export const PROVIDED_VERSION: string = version

/** Whether a module is only a shared part of others, which source cannot import. */
export const isPart = (id: string): boolean => id.endsWith(".js")

/** The specifiers that code can import, in alphabetical order, without hono's utilities. */
export const PROVIDED_SPECIFIERS: ReadonlyArray<string> = [...PROVIDED.keys()]
  .filter((id) => !isPart(id) && !id.startsWith("hono/utils/"))
  .toSorted()

/** Returns a provided module's source. */
export const providedSource = (id: string): string | undefined => PROVIDED.get(id)
