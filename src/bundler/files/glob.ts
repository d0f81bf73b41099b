/** Whether a text matches a pattern in which `*` stands for any characters, and everything else for itself. */
export const matchesWildcard = (pattern: string, text: string): boolean => {
  const [first = "", ...rest] = pattern.split("*")
  const last = rest.pop()
  if (last === undefined) return pattern === text
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= text.length - last.length
}

/** Whether one name of a path matches; as in a shell, `*` does not stand for a dot that the name begins with. */
const matchesName = (pattern: string, name: string, hidden: boolean): boolean =>
  (hidden || !name.startsWith(".") || pattern.startsWith(".")) && matchesWildcard(pattern, name)

/**
 * Whether a path matches a pattern of names: `*` stands for a part of a name, `**` for any number of folders.
 *
 * @param hidden whether `*` also stands for a dot at the beginning of a name.
 */
export const matchesPath = (pattern: ReadonlyArray<string>, path: ReadonlyArray<string>, hidden: boolean): boolean => {
  /** Where to go on if the match fails: behind the last `**`, with one folder more. */
  let retry: { readonly pattern: number; path: number } | undefined
  let p = 0
  let n = 0
  while (n < path.length) {
    const wanted = pattern[p]
    const name = path[n] ?? ""
    if (wanted === "**") retry = { pattern: ++p, path: n }
    else if (wanted !== undefined && matchesName(wanted, name, hidden)) {
      p++
      n++
    } else if (retry !== undefined && (hidden || path[retry.path]?.startsWith(".") !== true)) {
      p = retry.pattern
      n = ++retry.path
    } else return false
  }
  while (pattern[p] === "**") p++
  return p === pattern.length
}
