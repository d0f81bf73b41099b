import type { Diagnostic } from "../diagnostics.ts"
import { own, parseJson, withoutComments } from "./jsonc.ts"
import { folderOf, joinPath } from "./paths.ts"
import type { Files } from "./project.ts"

/** The most reads that one config may cause. The compiler reads a config once for each config that extends it. */
const MAX_READS = 200

const parentsOf = (files: Files, file: string): ReadonlyArray<string> => {
  const read = parseJson(file, withoutComments(files.get(file) ?? ""))
  const sent = "problem" in read ? undefined : own(read.value, "extends")
  return (Array.isArray(sent) ? sent.slice(0, MAX_READS) : [sent]).flatMap((parent) => {
    if (typeof parent !== "string" || parent.length > 1000) return []
    const path = /^\.{1,2}(\/|$)/.test(parent) ? joinPath(folderOf(file), parent) : `node_modules/${parent}`
    return [path, `${path}.json`, `${path}/tsconfig.json`].find((it) => it !== undefined && files.has(it)) ?? []
  })
}

/**
 * Reports a config that extends so many others that the compiler would read endlessly; `undefined` if it does not. Thirty
 * levels of two configs that each extend two others are a billion reads.
 */
export const checkExtends = (files: Files, config: string): Diagnostic | undefined => {
  const parents = new Map<string, ReadonlyArray<string>>()
  const waiting: Array<ReadonlyArray<string>> = [[config]]
  for (let reads = 0; waiting.length > 0; reads++) {
    if (reads > MAX_READS)
      return {
        file: config,
        line: 1,
        column: 1,
        text: `${config} extends other configs more than ${MAX_READS} times in total`,
        hint: "Extend fewer configs, or put the settings into one file."
      }
    const chain = waiting.pop() ?? []
    const file = chain.at(-1) ?? ""
    const found = parents.get(file) ?? parentsOf(files, file)
    parents.set(file, found)
    for (const parent of found) if (!chain.includes(parent)) waiting.push([...chain, parent])
  }
  return undefined
}
