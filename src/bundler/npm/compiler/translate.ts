import type { Loader, OnResolveArgs } from "esbuild-wasm"
import { isText } from "../archive/importable.ts"
import type { Kind } from "../source/scan.ts"

const KINDS: Readonly<Record<string, Kind>> = {
  "require-call": "require",
  "require-resolve": "require",
  "dynamic-import": "dynamic"
}

/** How the compiler says that a module is imported. */
export const kindOf = ({ kind }: Pick<OnResolveArgs, "kind">): Kind => KINDS[kind] ?? "import"

/** The loader by a file's name. Classes of CSS modules have names of their own, as in wrangler. */
export const loaderOf = (file: string): Loader => {
  if (file.endsWith(".json")) return "json"
  if (file.endsWith(".jsx")) return "jsx"
  return file.endsWith(".module.css") ? "local-css" : isText(file) ? "text" : "js"
}

/** The loader that an import asks for with `with { type: "text" }`; `undefined` for one that is unknown. */
export const attributeLoader = (entries: ReadonlyArray<readonly [string, string]>): Loader | undefined => {
  const [first] = entries
  if (first === undefined || entries.length > 1 || first[0] !== "type") return undefined
  return first[1] === "text" || first[1] === "json" ? first[1] : first[1] === "bytes" ? "binary" : undefined
}
