import type { Diagnostic } from "../../diagnostics.ts"
import type { Files } from "../../project/project.ts"
import type { PackageRefused } from "../errors.ts"
import type { Site } from "../package/Package.ts"

/** Lines up to this length are quoted in a diagnostic. */
const MAX_LINE = 200

/** The place of an import in the author's file. */
export const placeOf = (
  files: Files,
  { file, specifier }: Site
): Pick<Diagnostic, "file" | "line" | "column" | "source"> => {
  const source = files.get(file) ?? ""
  const at = [`"${specifier}"`, `'${specifier}'`].map((it) => source.indexOf(it)).find((it) => it >= 0)
  if (at === undefined) return { file, line: files.has(file) ? 1 : 0, column: files.has(file) ? 1 : 0 }
  const before = source.slice(0, at)
  const start = before.lastIndexOf("\n") + 1
  const end = source.indexOf("\n", at)
  const line = source.slice(start, end < 0 ? source.length : end).trimEnd()
  return {
    file,
    line: before.split("\n").length,
    column: at - start + 1,
    ...(line.length > MAX_LINE ? {} : { source: line })
  }
}

/** A refusal as a diagnostic at the author's import. */
export const refusalAt = (files: Files, at: Site | undefined, error: PackageRefused): Diagnostic => {
  const site = at ?? error.site
  const chain = error.chain.length > 1 ? `Imported by ${error.chain.join(" → ")}.` : ""
  const hint = [error.hint, chain].filter((it) => it !== "").join(" ")
  return {
    ...(site === undefined ? { file: "", line: 0, column: 0 } : placeOf(files, site)),
    text: error.text,
    ...(hint === "" ? {} : { hint })
  }
}
