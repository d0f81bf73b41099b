import { modules } from "./generated/hono.js"

/**
 * The packages that need no network: hono's server-side modules, bundled at build time. By module id: an entry's is its
 * import specifier (`hono/cors`), that of a chunk they share is a file name (`chunk-2F6A.js`).
 */
export const PROVIDED: ReadonlyMap<string, string> = new Map(Object.entries(modules))

/** What can be imported, in alphabetical order; without hono's utilities, which few look for. */
export const PROVIDED_SPECIFIERS: ReadonlyArray<string> = [...PROVIDED.keys()]
  .filter((id) => !id.endsWith(".js") && !id.startsWith("hono/utils/"))
  .toSorted()

/** A provided module's source. */
export const providedSource = (id: string): string | undefined => PROVIDED.get(id)
