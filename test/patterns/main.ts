import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseSync } from "oxc-parser"
import { checkSync } from "recheck"

/**
 * Checks every regular expression of `src` for input on which it takes more than linear time, and names each such pattern. Exit
 * code 1 if there is one. A pattern that only meets short text is excepted by a comment on its line, or right above it, that
 * states the bound: `// bounded: 100 characters`. So is a pattern that is built at run time, which cannot be checked.
 *
 * The checker looks at one match. A global pattern that fails again and again over the same text also takes quadratic time, and
 * passes. Prefer a loop for text that clients can send.
 */

/** A regular expression, and its place. */
interface Pattern {
  readonly file: string
  readonly line: number
  /** `undefined` if it is built at run time. */
  readonly source: string | undefined
  readonly flags: string
  readonly bounded: boolean
}

interface Node {
  readonly type: string
  readonly start: number
  readonly [field: string]: unknown
}

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && "type" in value

const patternsIn = (file: string): ReadonlyArray<Pattern> => {
  const text = readFileSync(file, "utf8")
  const { program, comments } = parseSync(file, text)
  const lineAt = (offset: number) => text.slice(0, offset).split("\n").length
  const lines = text.split("\n")
  const bounds = new Set(comments.filter(({ value }) => /\bbounded: \S/.test(value)).map(({ end }) => lineAt(end)))
  /** Finds a comment on the pattern's own line, or above it with only comments in between. */
  const isBounded = (line: number): boolean => {
    if (bounds.has(line)) return true
    let above = line - 1
    while (/^\s*(\/\/|\*|\/\*)/.test(lines[above - 1] ?? "")) {
      if (bounds.has(above)) return true
      above--
    }
    return false
  }

  const found: Array<Pattern> = []
  const add = (node: Node, source: string | undefined, flags: string) => {
    const line = lineAt(node.start)
    found.push({ file, line, source, flags, bounded: isBounded(line) })
  }
  const visit = (node: Node): void => {
    const regex = node["regex"] as { readonly pattern: string; readonly flags: string } | undefined
    if (node.type === "Literal" && regex) add(node, regex.pattern, regex.flags)
    const callee = node["callee"]
    if (isNode(callee) && callee["name"] === "RegExp") {
      const [source, flags] = (node["arguments"] as ReadonlyArray<Node>).map((argument) => argument["value"])
      add(node, typeof source === "string" ? source : undefined, typeof flags === "string" ? flags : "")
    }
    for (const child of Object.values(node).flat()) if (isNode(child)) visit(child)
  }
  visit(program as unknown as Node)
  return found
}

/** The cache holds safe patterns until the checker changes. The first run takes a quarter of a minute, the others a second. */
const cache = join("node_modules", ".cache", "patterns-recheck-4.5.0.json")
const readCache = (): ReadonlyArray<string> => {
  try {
    return JSON.parse(readFileSync(cache, "utf8")) as ReadonlyArray<string>
  } catch {
    return []
  }
}
const safe = new Set(readCache())

const complaint = ({ source, flags, bounded }: Pattern): string | undefined => {
  if (bounded) return undefined
  if (source === undefined) return "is put together at run time, so that it cannot be checked"
  if (safe.has(`/${source}/${flags}`)) return undefined
  const result = checkSync(source, flags, { timeout: 20_000 })
  if (result.status === "safe") {
    safe.add(`/${source}/${flags}`)
    return undefined
  }
  if (result.status === "unknown") return `cannot be checked (${result.error.kind})`
  return `takes ${result.complexity.summary} time, on ${result.attack.pattern.slice(0, 200)}`
}

const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(ts|mjs)$/.test(name) && !name.includes("generated"))
  .map((name) => join("src", name))
const patterns = files.flatMap(patternsIn)
const complaints = patterns.flatMap((pattern) => {
  const problem = complaint(pattern)
  return problem === undefined
    ? []
    : [`${pattern.file}:${pattern.line}: /${pattern.source ?? "…"}/${pattern.flags} ${problem}`]
})

mkdirSync(join("node_modules", ".cache"), { recursive: true })
writeFileSync(cache, JSON.stringify([...safe]))

for (const line of complaints) console.error(line)
if (complaints.length > 0)
  console.error("Bound what meets the pattern, and say so beside it: // bounded: 100 characters")
const excepted = patterns.filter(({ bounded }) => bounded).length
console.log(`${patterns.length} regular expressions, ${excepted} of them bounded, ${complaints.length} super-linear.`)
process.exitCode = complaints.length > 0 ? 1 : 0
