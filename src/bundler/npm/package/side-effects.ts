/** How many patterns are read, and how long each may be. */
const MAX_PATTERNS = 200
const MAX_LENGTH = 300

/** How many patterns a pattern with braces may stand for. */
const MAX_ALTERNATIVES = 64

/** `*.{css,scss}` → `*.css` and `*.scss`; `undefined` for too many. */
const alternatives = (glob: string): ReadonlyArray<string> | undefined => {
  let found = [""]
  for (const [index, part] of glob.split("{").entries()) {
    const [inside = "", after = ""] = index === 0 ? ["", part] : part.split("}", 2)
    const options = index === 0 ? [part] : inside.split(",").map((option) => option + after)
    found = found.flatMap((before) => options.map((option) => before + option))
    if (found.length > MAX_ALTERNATIVES) return undefined
  }
  return found
}

/** Whether a name matches a pattern in which `*` stands for any text and `?` for one character. */
const matchesName = (pattern: string, name: string): boolean => {
  let [at, star, mark] = [0, -1, 0]
  for (let index = 0; index < name.length;) {
    if (pattern[at] === "*") {
      star = at++
      mark = index
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === name[index])) {
      at++
      index++
    } else if (star >= 0) {
      at = star + 1
      index = ++mark
    } else return false
  }
  while (pattern[at] === "*") at++
  return at === pattern.length
}

/** Whether a path matches a pattern, both by their segments; `**` stands for any number of folders. */
const matches = (pattern: ReadonlyArray<string>, path: ReadonlyArray<string>): boolean => {
  const [head, ...rest] = pattern
  if (head === undefined) return path.length === 0
  if (head === "**") return path.some((_, index) => matches(rest, path.slice(index))) || rest.length === 0
  const [name, ...deeper] = path
  return name !== undefined && matchesName(head, name) && matches(rest, deeper)
}

/**
 * Whether a file has side effects, by `sideEffects` of package.json: `false`, or a list of patterns. Every file has them if
 * the list is not understood.
 */
export const readSideEffects = (value: unknown): ((path: string) => boolean) => {
  if (value === false) return () => false
  if (!Array.isArray(value) || value.length > MAX_PATTERNS) return () => true
  const globs = value.filter((it) => typeof it === "string")
  const read = globs.map((glob) => (glob.length > MAX_LENGTH ? undefined : alternatives(glob)))
  if (read.includes(undefined)) return () => true
  const patterns = read
    .flatMap((list) => list ?? [])
    .map((glob) => {
      // A pattern without a slash is for any folder.
      const path = glob.includes("/") ? glob.replace(/^\.?\//, "") : `**/${glob}`
      return path.split("/")
    })
  // Each further `**` multiplies the time of a match by the depth of the path.
  if (patterns.some((pattern) => pattern.filter((it) => it === "**").length > 3)) return () => true
  return (path) => patterns.some((pattern) => matches(pattern, path.split("/")))
}
