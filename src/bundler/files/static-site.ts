import type { AssetSettings, ProjectConfig } from "../config/types.ts"
import { BundleError, type Diagnostic } from "../diagnostics.ts"
import type { Entrypoint } from "../project/entrypoint.ts"
import { placeAt } from "../project/jsonc.ts"
import type { Files, Project } from "../project/project.ts"
import { DEFAULT_FOLDERS } from "./asset-folders.ts"

/** A project without a program: its files are the site. */
export interface StaticSite {
  readonly kind: "site"
  readonly settings: Pick<AssetSettings, "directory"> & Partial<AssetSettings>
  /** The page that makes it a site, or the folder's name. */
  readonly entrypoint: string
  readonly warnings: ReadonlyArray<Diagnostic>
}

/** A project with a program. */
export interface Program {
  readonly kind: "program"
  readonly entrypoint: Entrypoint
}

/** The name of the binding that a static site answers with, which is no name of its vars. */
export const siteBinding = (vars: ProjectConfig["vars"]): string => {
  let name = "ASSETS"
  while (Object.hasOwn(vars, name)) name += "_"
  return name
}

/** The program of a static site. The platform answers for its files; this one answers for all other paths, as they would. */
export const siteProgram = (binding: string): string =>
  `export default {\n  fetch: (request, env) => env[${JSON.stringify(binding)}].fetch(request)\n};\n`

/** The folder of a static site, "" for the root; `undefined` where there is no page. A built site has precedence. */
const findPage = (files: Files): string | undefined =>
  [...DEFAULT_FOLDERS, ""].find((folder) => files.has(folder === "" ? "index.html" : `${folder}/index.html`))

/** Functions of Pages answer requests beside the files of a site, by their paths. */
const refuseFunctions = (files: Files): void => {
  const path = [...files.keys()].find((it) => /^functions\/.*\.[jt]sx?$/.test(it))
  const source = path === undefined ? "" : (files.get(path) ?? "")
  // bounded: 50 characters between the words
  const found = /\bexport\b.{0,50}\bonRequest/.exec(source)
  if (path !== undefined && found !== null)
    throw new BundleError([
      {
        ...placeAt(path, source, found.index),
        text: "Functions of Pages do not run here, and the site would miss their routes",
        hint: 'Write them as one program, and send wrangler.json with "main" and "assets": { "directory": "…" }.'
      }
    ])
}

/** Whether a configuration has settings that nothing but a program could use. */
const needsProgram = ({ assets, resources, migrations }: ProjectConfig): boolean =>
  (assets !== undefined && assets.binding !== null) ||
  (assets?.runWorkerFirst !== undefined && assets.runWorkerFirst !== false) ||
  resources.kv.length + resources.r2.length > 0 ||
  resources.durableObjects !== null ||
  migrations !== undefined

/** Whether a script exports anything, so that it can be a program. A page's script need not. */
const exportsSomething = (source: string): boolean => /\bexports?\b/.test(source)

/** The first script of a page that no browser can read. */
// bounded: an element of 300 characters
const UNBUILT = /<script\b[^>]{0,300}\bsrc=["']?([^"'\s>]{1,300}\.(?:ts|tsx|jsx))["'\s>]/i

/** How much of a page is searched for scripts, in UTF-16 units: far more than the input of a build has. */
const SEARCHED = 50_000

/** A page that loads sources of TypeScript or JSX is the input of a build, and no site. */
const checkBuilt = (files: Files, page: string): void => {
  const text = files.get(page) ?? ""
  const found = UNBUILT.exec(text.slice(0, SEARCHED))
  if (found !== null)
    throw new BundleError([
      {
        ...placeAt(page, text, found.index),
        text: `The page loads ${found[1] ?? ""}, which browsers cannot run`,
        hint: "Build the site, and send the result as dist/: no command runs here."
      }
    ])
}

/**
 * Decides whether a project is a program or a static site: a site has no program, and either configured assets or an
 * `index.html` in `dist`, in `public` or at the root.
 *
 * @param find finds the program.
 * @throws {BundleError} where there is neither.
 */
export const findKind = (
  { files, config }: Pick<Project, "files" | "config">,
  find: () => Entrypoint
): Program | StaticSite => {
  const findProgram = (): Entrypoint | undefined => {
    try {
      const entrypoint = find()
      return exportsSomething(files.get(entrypoint.path) ?? "") ? entrypoint : undefined
    } catch (error) {
      if (error instanceof BundleError) return undefined
      throw error
    }
  }
  const { main, assets } = config
  if (main !== undefined || (assets !== undefined && needsProgram(config)))
    return { kind: "program", entrypoint: find() }
  if (assets !== undefined) {
    const program = findProgram()?.path
    const text = `${program ?? ""} does not run, because the configuration has no "main"`
    const hint = `If it is the program, add "main": ${JSON.stringify(program ?? "")}.`
    const warnings = program === undefined ? [] : [{ ...assets.place, text, hint }]
    return { kind: "site", settings: assets, entrypoint: assets.directory || "index.html", warnings }
  }
  const directory = findPage(files)
  if (directory === undefined) return { kind: "program", entrypoint: find() }
  const program = findProgram()
  if (program !== undefined) return { kind: "program", entrypoint: program }
  const page = directory === "" ? "index.html" : `${directory}/index.html`
  refuseFunctions(files)
  checkBuilt(files, page)
  return { kind: "site", settings: { directory }, entrypoint: page, warnings: [] }
}
