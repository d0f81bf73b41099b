import type { Loader } from "esbuild-wasm"

/** How a file's text is read, by its extension. Plain JavaScript may contain JSX, as most toolchains allow by now. */
const LOADERS: ReadonlyMap<string, Loader> = new Map<string, Loader>([
  ...["ts", "mts", "cts"].map((extension) => [extension, "ts"] as const),
  ["tsx", "tsx"],
  ...["js", "mjs", "cjs", "jsx"].map((extension) => [extension, "jsx"] as const),
  ["json", "json"],
  ...["txt", "html", "css", "sql", "md"].map((extension) => [extension, "text"] as const)
])

/** Why something cannot be imported, and what to do instead. */
export interface Refusal {
  readonly text: string
  readonly hint: string
}

/** The loader for files with this extension, or why they cannot be imported. */
export const loaderFor = (extension: string): Loader | Refusal => {
  const loader = LOADERS.get(extension)
  if (loader !== undefined) return loader
  if (extension === "wasm")
    return {
      text: "WebAssembly cannot be imported: files are sent as text, which a .wasm module does not survive",
      hint: "Write that part in JavaScript or TypeScript."
    }
  return {
    text: extension === "" ? "A file without extension cannot be imported" : `.${extension} files cannot be imported`,
    hint: `Importable are .${[...LOADERS.keys()].join(", .")}; name the file .txt to import it as text.`
  }
}
