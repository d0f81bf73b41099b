import { readStatement, skipBlank } from "./statements.ts"

/** Names that are wanted of a module; `true` is all of them. */
export type Names = ReadonlySet<string> | true

interface Export {
  readonly specifier: string
  /** By exported name, the name in the other module; `*` is that module itself. */
  readonly names: ReadonlyMap<string, string>
  /** `export * from` */
  readonly all: boolean
  /** `import "x"` */
  readonly bare: boolean
}

/** A module that only exports what other modules export. */
export type Barrel = ReadonlyArray<Export>

const NONE: ReadonlyMap<string, string> = new Map()

/** Something that a module imports under a name of its own. */
interface Local {
  readonly specifier: string
  readonly name: string
}

/** Reads a barrel; `undefined` for a module that does anything else, at the first statement that does. */
export const readBarrel = (text: string): Barrel | undefined => {
  const locals = new Map<string, Local>()
  const exported: Array<readonly [from: string, to: string]> = []
  const found: Array<Export> = []
  let at = skipBlank(text, 0)
  const directive = /^["']use [a-z]{1,20}["']/.exec(text.slice(at, at + 30))?.[0]
  at = skipBlank(text, at + (directive?.length ?? 0))
  while (at < text.length) {
    const statement = readStatement(text, at)
    if (statement === undefined) return undefined
    const { keyword, specifier, byDefault, list, star, end } = statement
    at = skipBlank(text, end)
    // Code on the same line without a semicolon belongs to the statement: `export default a.b`.
    if (
      at < text.length &&
      !/[\s;]/.test(text.slice(end - 1, at)) &&
      !text.startsWith("import", at) &&
      !text.startsWith("export", at)
    )
      return undefined
    if (specifier === undefined) {
      if (byDefault !== undefined) exported.push([byDefault, "default"])
      exported.push(...(list ?? []))
    } else if (keyword === "import") {
      const taken: ReadonlyArray<readonly [name: string, local: string]> = [
        ...(byDefault === undefined ? [] : [["default", byDefault] as const]),
        ...(star === undefined ? [] : [["*", star] as const]),
        ...(list ?? [])
      ]
      for (const [name, local] of taken) locals.set(local, { specifier, name })
      // `import {} from "x"` has the effects of `import "x"`.
      if (taken.length === 0) found.push({ specifier, names: NONE, all: false, bare: true })
    } else if (star === "") found.push({ specifier, names: NONE, all: true, bare: false })
    else {
      const names = star === undefined ? (list ?? []).map(([from, to]) => [to, from] as const) : [[star, "*"] as const]
      found.push({ specifier, names: new Map(names), all: false, bare: false })
    }
  }
  for (const [from, to] of exported) {
    const local = locals.get(from)
    if (local === undefined) return undefined
    found.push({ specifier: local.specifier, names: new Map([[to, local.name]]), all: false, bare: false })
  }
  return found.length === 0 ? undefined : found
}

/** The names that a barrel asks of other modules if only some of its names are wanted. */
export const wantsOf = (barrel: Barrel, names: Names): ReadonlyArray<readonly [specifier: string, names: Names]> =>
  barrel.flatMap((it): ReadonlyArray<readonly [string, Names]> => {
    if (it.bare) return [[it.specifier, new Set()]]
    if (it.all) return [[it.specifier, names]]
    const kept = [...it.names].filter(([to]) => names === true || names.has(to)).map(([, from]) => from)
    if (kept.length === 0) return []
    return [[it.specifier, kept.includes("*") ? true : new Set(kept)]]
  })

/** The source of a barrel with only the names that are wanted. It stays an ES module without any, so that the compiler reports them. */
export const pruneBarrel = (barrel: Barrel, names: ReadonlySet<string>): string =>
  [
    "export {};",
    ...barrel.flatMap((it) => {
      const from = JSON.stringify(it.specifier)
      if (it.bare) return [`import ${from};`]
      if (it.all) return [`export * from ${from};`]
      return [...it.names]
        .filter(([to]) => names.has(to))
        .map(([to, name]) =>
          name === "*" ? `export * as ${to} from ${from};` : `export { ${name} as ${to} } from ${from};`
        )
    })
  ].join("\n")

const KEYWORD = /(?<![.\w$])(?:import|export)(?![\w$])/g

/**
 * The names that a module takes of what it imports; a specifier that is missing here is imported as a whole.
 *
 * @param types receives the specifiers that types are taken from.
 */
export const importedNames = (text: string, types?: Set<string>): ReadonlyMap<string, Names> => {
  const found = new Map<string, Names>()
  for (const { index } of text.matchAll(KEYWORD)) {
    const statement = readStatement(text, index)
    if (statement?.specifier === undefined) continue
    if (statement.isType) types?.add(statement.specifier)
    if (statement.isType) continue
    const { specifier, byDefault, list, star } = statement
    const known = found.get(specifier) ?? new Set<string>()
    if (known === true) continue
    // `import "x"` takes no name, and still wants the module as it is.
    const isWhole = star !== undefined || (byDefault === undefined && list === undefined)
    found.set(
      specifier,
      isWhole
        ? true
        : new Set([...known, ...(byDefault === undefined ? [] : ["default"]), ...(list ?? []).map(([from]) => from)])
    )
  }
  return found
}
