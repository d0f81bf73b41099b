/** The entry that a specifier matches, and the text in place of its `*`. */
export interface Match<A> {
  readonly value: A
  readonly star: string
}

/**
 * Finds the entry for a specifier, as `tsconfig.json`'s `paths` and `package.json`'s `exports` and `imports` do: the exact one,
 * else the one with the longest text before its `*`.
 */
export const matchPattern = <A>(
  entries: ReadonlyArray<readonly [pattern: string, value: A]>,
  specifier: string
): Match<A> | undefined => {
  let best: (Match<A> & { readonly length: number }) | undefined
  for (const [pattern, value] of entries) {
    if (pattern === specifier && !pattern.includes("*")) return { value, star: "" }
    const [before, after, ...more] = pattern.split("*")
    if (before === undefined || after === undefined || more.length > 0) continue
    if (specifier.length < before.length + after.length) continue
    if (!specifier.startsWith(before) || !specifier.endsWith(after)) continue
    if (best !== undefined && best.length >= before.length) continue
    best = { value, star: specifier.slice(before.length, specifier.length - after.length), length: before.length }
  }
  return best
}
