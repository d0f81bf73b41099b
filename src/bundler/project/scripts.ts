import type { ProjectConfig } from "../config/types.ts"
import { own, parseJson, placeAt } from "./jsonc.ts"

const FILE = "package.json"

/** The scripts that may start wrangler, the likeliest first. */
const SCRIPTS = ["deploy", "dev", "start", "publish"]

/** UTF-16 units of a script that are read. */
const MAX = 1000

const scriptsOf = (manifest: string): unknown => {
  const read = parseJson(FILE, manifest)
  return "problem" in read ? undefined : own(read.value, "scripts")
}

/** The program in a command such as `wrangler dev --live-reload src/index.ts`. */
const programOf = (command: string): string | undefined => {
  const words = command
    .slice(0, MAX)
    .split(/&&|\|\||[;|]/)
    .map((part) => part.trim().split(/\s+/))
    .find((words) => words.includes("wrangler"))
  if (words === undefined) return undefined
  const [verb, ...rest] = words.slice(words.indexOf("wrangler") + 1)
  if (verb !== "dev" && verb !== "deploy" && verb !== "publish") return undefined
  return rest.find((word) => /^[^-:=]+\.[cm]?[jt]sx?$/.test(word))
}

/** The program that a script of package.json names to wrangler, where the configuration need not. */
export const mainOfScripts = (manifest: string | undefined): ProjectConfig["main"] => {
  if (manifest === undefined || !manifest.includes("wrangler")) return undefined
  const scripts = scriptsOf(manifest)
  for (const name of SCRIPTS) {
    const command = own(scripts, name)
    const path = typeof command === "string" ? programOf(command) : undefined
    if (path !== undefined) return { path, place: placeAt(FILE, manifest, Math.max(0, manifest.indexOf(path))) }
  }
  return undefined
}

/** Tools that make a program of other sources. */
const BUILDS =
  /\b(vite|next|astro|nuxt|nuxi|remix|react-router|svelte-kit|opennextjs-cloudflare|webpack|rollup|tsup|ng|gatsby|docusaurus)\b/

/** The sentence for a project that has to be built, by its script; `undefined` for all others. */
export const buildHint = (manifest: string | undefined): string | undefined => {
  const command = manifest === undefined ? undefined : own(scriptsOf(manifest), "build")
  if (typeof command !== "string" || !BUILDS.test(command.slice(0, MAX))) return undefined
  const shown = JSON.stringify(command.slice(0, 100))
  return `Build the project with ${shown}, and send the result with it: no command runs here.`
}
