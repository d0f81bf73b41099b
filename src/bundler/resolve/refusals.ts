import type { OnResolveResult, PartialMessage } from "esbuild-wasm"
import type { Rewrite } from "../diagnostics.ts"
import { MAX_SPECIFIER } from "./import-budget.ts"

/** Refuses an import with a text, and with a hint or a rewrite of it. */
export const refuse = (text: string, hint: string | Rewrite): OnResolveResult => {
  const message: PartialMessage = typeof hint === "string" ? { text, notes: [{ text: hint }] } : { text, detail: hint }
  return { errors: [message] }
}

/** Refuses a specifier that is too long. */
export const tooLong = (specifier: string): OnResolveResult =>
  refuse(
    `${JSON.stringify(`${specifier.slice(0, 100)}…`)} is not available: it has ${specifier.length} characters`,
    `Paths and names of modules may have at most ${MAX_SPECIFIER} characters.`
  )

/** Matches data URLs that the compiler reads. It leaves others to the platform, which does not support them. */
export const DATA = /^data:(text\/javascript|application\/json|text\/css)[,;]/

/** Refuses a specifier whose scheme cannot be imported; `undefined` for all others. */
export const refuseScheme = (path: string): OnResolveResult | undefined => {
  const scheme = /^([a-z][a-z0-9+.-]{0,40}):/i.exec(path)?.[1]
  if (scheme === undefined || scheme === "npm" || scheme === "jsr" || DATA.test(path)) return undefined
  return refuse(
    `An import cannot begin with "${scheme}:"`,
    scheme === "virtual"
      ? "A build tool makes this module. Build the project, and send the result with it: no command runs here."
      : "Import relative paths, hono, https: URLs, and node:, cloudflare: and workerd: modules."
  )
}
