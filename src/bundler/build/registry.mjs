// @ts-check
/**
 * Finds the npm registry that the machine is configured for where the Worker is built. The bundler fetches packages from it,
 * unless the setting NPM_REGISTRY names another. No address is part of the source.
 */
import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { homedir } from "node:os"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const run = promisify(execFile)
const root = fileURLToPath(new URL("../../..", import.meta.url))

/** The types of the module below. */
export const REGISTRY_TYPES = `/** The registry that npm was configured for where this was built: a URL that ends in "/", or "" for none. */
export declare const registry: string
`

/** How long npm may take to answer, in milliseconds. */
const NPM_MILLIS = 20_000

/**
 * An address as the bundler takes it: without credentials, query and fragment, and with "/" at its end. Anything else is "".
 *
 * @type {(given: string | undefined) => string}
 */
const normalized = (given) => {
  if (!URL.canParse((given ?? "").trim())) return ""
  const url = new URL((given ?? "").trim())
  if (!/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") return ""
  return `${url.origin}${url.pathname}${url.pathname.endsWith("/") ? "" : "/"}`
}

/**
 * The last `registry` of an .npmrc file. Scopes have registries of their own, which count for nothing here.
 *
 * @type {(path: string) => Promise<string>}
 */
const fromNpmrc = async (path) => {
  const text = await readFile(path, "utf8").catch(() => "")
  const lines = text.split(/\r?\n/).flatMap((line) => /^\s*registry\s*=(.*)$/.exec(line)?.[1] ?? [])
  return normalized(
    lines
      .at(-1)
      ?.trim()
      .replace(/^(["'])(.*)\1$/, "$2")
  )
}

/** @type {() => Promise<string>} */
const fromNpm = async () => {
  // Windows starts npm, a script, by its shell alone.
  const options = { cwd: root, timeout: NPM_MILLIS, shell: process.platform === "win32" }
  return normalized(
    await run("npm", ["config", "get", "registry"], options).then(
      ({ stdout }) => stdout,
      () => ""
    )
  )
}

/**
 * The registry of this machine: npm's own answer, and without npm that of .npmrc files. "" for none.
 *
 * @type {() => Promise<string>}
 */
export const findRegistry = async () =>
  // `npm run` and `npx` put npm's settings into the environment of what they start.
  normalized(process.env["npm_config_registry"]) ||
  (await fromNpm()) ||
  (await fromNpmrc(`${root}/.npmrc`)) ||
  (await fromNpmrc(process.env["npm_config_userconfig"] ?? `${homedir()}/.npmrc`))

/** @type {(registry: string) => string} */
export const registryModule = (registry) => `export const registry = ${JSON.stringify(registry)}\n`
