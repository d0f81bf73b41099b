/**
 * Specifiers that follow `from`, `import` and `import(`, as minified modules write them. Blanks are bounded, because two
 * unbounded runs of them beside each other take quadratic time.
 */
const IMPORTS = /\b(?:from|import)\s{0,20}\(?\s{0,20}["']([^"'\\\n]{1,500})["']/g

/**
 * What a fetched module seems to import by URL. A guess that saves a round of building for each level of a package's
 * graph: what it finds in a comment is fetched in vain, and what it overlooks the next round finds.
 */
export const guessImports = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(IMPORTS)].map(([, specifier]) => specifier ?? "").filter((it) => /^(https:|\.{0,2}\/)/.test(it))
