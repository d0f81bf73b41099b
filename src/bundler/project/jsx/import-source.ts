import { importedNames } from "../../npm/source/barrels.ts"
import { guessImports } from "../../npm/source/scan.ts"
import { isScript } from "../find-file.ts"
import { own, parseJson } from "../jsonc.ts"
import { folderOf } from "../paths.ts"
import type { Files } from "../project.ts"

/** The packages whose JSX is supported besides hono's. */
type Library = "react" | "preact"

const LIBRARIES: ReadonlyArray<Library> = ["react", "preact"]

/** The packages that only programs with a library's JSX import: itself, and those that render it. */
const SIGNS: Readonly<Record<Library, RegExp>> = {
  react: /^(?:npm:)?react(?:-dom)?(?:[@/]|$)/,
  preact: /^(?:npm:)?preact(?:-render-to-string)?(?:[@/]|$)/
}

const HONO = /^(?:npm:)?hono(?:[@/]|$)/

const HONO_JSX = /^hono\/jsx(?:\/|$)/

/** The libraries that a file or a package.json speaks of. */
interface Signs {
  readonly libraries: ReadonlySet<Library>
  readonly hono: boolean
  readonly honoJsx: boolean
}

const NONE: Signs = { libraries: new Set(), hono: false, honoJsx: false }

const signsOf = (names: ReadonlyArray<string>): Signs => ({
  libraries: new Set(LIBRARIES.filter((library) => names.some((name) => SIGNS[library].test(name)))),
  hono: names.some((name) => HONO.test(name)),
  honoJsx: names.some((name) => HONO_JSX.test(name))
})

/** The signs in a file's imports. Types say nothing about how JSX is translated. */
const signsOfFile = (source: string): Signs => {
  if (!source.includes("react") && !source.includes("hono")) return NONE
  const types = new Set<string>()
  const taken = importedNames(source, types)
  const imports = guessImports(source).map(({ specifier }) => specifier)
  return signsOf(imports.filter((specifier) => taken.has(specifier) || !types.has(specifier)))
}

const signsOfManifest = (path: string, source: string): Signs => {
  const read = parseJson(path, source)
  if ("problem" in read) return NONE
  return signsOf(
    ["dependencies", "devDependencies", "peerDependencies"].flatMap((table) => {
      const entries: unknown = own(read.value, table)
      return typeof entries === "object" && entries !== null ? Object.keys(entries) : []
    })
  )
}

const first = ({ libraries }: Signs): Library | undefined => LIBRARIES.find((library) => libraries.has(library))

/**
 * Makes a function that chooses the library whose JSX a file has; `undefined` for hono's.
 *
 * - A file that imports React or Preact has its JSX.
 * - Else the nearest package.json or, where that names none, the whole project decides, if it does without hono.
 * - With `"jsx": "react-jsx"` it decides even with hono beside it.
 */
export const makeImportSource = (files: Files) => {
  const scripts = [...files].filter(([path]) => isScript(path) && !path.includes("node_modules/"))
  const isPossible = [...files.values()].some((source) => source.includes("react"))
  const signs = new Map(isPossible ? scripts.map(([path, source]) => [path, signsOfFile(source)] as const) : [])
  const all = [...signs.values()]
  const project: Signs = {
    libraries: new Set(all.flatMap(({ libraries }) => [...libraries])),
    hono: all.some(({ hono }) => hono),
    honoJsx: all.some(({ honoJsx }) => honoJsx)
  }
  const manifests = new Map<string, Signs>()
  const manifestOf = (folder: string): Signs => {
    const known = manifests.get(folder)
    if (known !== undefined) return known
    const path = folder === "" ? "package.json" : `${folder}/package.json`
    const source = files.get(path)
    const own = source === undefined ? NONE : signsOfManifest(path, source)
    const found = own !== NONE || folder === "" ? own : manifestOf(folderOf(folder))
    manifests.set(folder, found)
    return found
  }

  /** @param isExplicit whether the config says `react-jsx`, and not where from. */
  return (path: string, isExplicit: boolean): Library | undefined => {
    if (!isPossible) return undefined
    const file = signs.get(path) ?? NONE
    if (file.honoJsx) return undefined
    if (file.libraries.size > 0) return first(file)
    const manifest = manifestOf(folderOf(path))
    const candidate = first(manifest) ?? first(project)
    if (isExplicit) return candidate
    return file.hono || manifest.hono || project.honoJsx || (first(manifest) === undefined && project.hono)
      ? undefined
      : candidate
  }
}
