import type { Diagnostic } from "../../diagnostics.ts"
import type { Files } from "../../project/project.ts"
import type { Graph } from "../graph/Graph.ts"
import type { Package } from "../package/Package.ts"
import { placeOf } from "../project/site.ts"

/** A version this young may be a mistake or an attack that nobody has noticed yet. */
const YOUNG_MS = 3 * 24 * 3_600_000

/** A module of a package in a bundle. */
export interface InBundle {
  readonly pkg: Package
  readonly path: string
  /** Its bytes in the output; 0 for one that only exports again. */
  readonly bytes: number
}

/** The words of a warning; its place is the project's import that led to the package. */
type Words = Required<Pick<Diagnostic, "text" | "hint">>

/** Says which packages led to one that the project does not import itself. */
const chainOf = (pkg: Package): string =>
  pkg.origin.from === undefined ? "" : ` It is imported by ${pkg.chain().join(" → ")}.`

const makesCode = (pkg: Package): Words => ({
  text: `${pkg.label} may throw where it makes code from text (new Function or eval), because Workers refuse that`,
  hint: `If the program reaches that, use another part of it, or another package.${chainOf(pkg)}`
})

/** The versions that the project has, and that the package does not want. */
const unfit = (pkg: Package, graph: Graph): ReadonlyArray<Words> =>
  [...graph.versions.unfit.values()]
    .filter(({ from }) => from === pkg)
    .map(({ name, range, version }) => ({
      text: `${pkg.label} wants ${name} ${range}, and the project has ${version}`,
      hint: `Ask for versions that fit together, in package.json: ${JSON.stringify({ dependencies: { [name]: range } })}.${chainOf(pkg)}`
    }))

const deprecated = ({ label, release }: Package): ReadonlyArray<Words> =>
  release.deprecated === undefined ? [] : [{ text: `${label} is deprecated`, hint: release.deprecated.slice(0, 300) }]

/** A young version that nobody asked for. */
const young = ({ id, label, release }: Package, graph: Graph): ReadonlyArray<Words> => {
  const { name, version, publishedAt } = release
  if (graph.versions.isAsked(id) || publishedAt === undefined || Date.now() - publishedAt >= YOUNG_MS) return []
  const hours = Math.max(1, Math.round((Date.now() - publishedAt) / 3_600_000))
  return [
    {
      text: `${label} was published only ${hours} hours ago`,
      hint: `No version was asked for. To keep to this one, write it in package.json: ${JSON.stringify({ dependencies: { [name]: version } })}`
    }
  ]
}

/** Warnings about the packages of a bundle. */
export const packageWarnings = (
  files: Files,
  graph: Graph,
  inputs: ReadonlyArray<InBundle>
): ReadonlyArray<Diagnostic> => {
  const making = new Set(
    inputs.filter(({ pkg, path, bytes }) => bytes > 0 && graph.reach.makesCode(pkg, path)).map(({ pkg }) => pkg)
  )
  const inBundle = new Set(inputs.map(({ pkg }) => pkg))
  const warningsOf = (pkg: Package): ReadonlyArray<Words> => [
    ...(making.has(pkg) ? [makesCode(pkg)] : []),
    ...unfit(pkg, graph),
    // The project chose only the packages that it imports itself.
    ...(pkg.origin.from === undefined ? [...deprecated(pkg), ...young(pkg, graph)] : [])
  ]
  return graph.packages
    .filter((pkg) => inBundle.has(pkg))
    .flatMap((pkg) => warningsOf(pkg).map((words) => ({ ...placeOf(files, pkg.origin.site), ...words })))
}
