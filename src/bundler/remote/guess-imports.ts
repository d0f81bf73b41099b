/**
 * Specifiers that follow `from`, `import` and `import(`, as minified modules write them. Blanks are bounded, because two
 * unbounded runs of them beside each other take quadratic time.
 */
const IMPORTS = /\b(?:from|import)\s{0,20}\(?\s{0,20}["']([^"'\\\n]{1,500})["']/g

/**
 * Guesses which URLs a fetched module imports. This saves a build round for each level of a package's graph. A wrong guess from
 * a comment costs one fetch, and the next round finds every import that this missed.
 */
export const guessImports = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(IMPORTS)].map(([, specifier]) => specifier ?? "").filter((it) => /^(https:|\.{0,2}\/)/.test(it))
