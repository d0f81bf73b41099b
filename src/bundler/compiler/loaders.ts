import type { Loader } from "esbuild-wasm"

const TEXT_EXTENSIONS = [".txt", ".html", ".css", ".sql", ".md"]

/**
 * The loader of a file by its extension. Plain JavaScript may contain JSX, as in wrangler. The text files are those of
 * wrangler's default rules and some more.
 */
export const LOADERS: Readonly<Record<string, Loader>> = Object.fromEntries([
  ...[".ts", ".mts", ".cts"].map((extension) => [extension, "ts"] as const),
  [".tsx", "tsx"] as const,
  ...[".js", ".mjs", ".cjs", ".jsx"].map((extension) => [extension, "jsx"] as const),
  [".json", "json"] as const,
  ...TEXT_EXTENSIONS.map((extension) => [extension, "text"] as const)
])

/** The reason why an import is refused, and the replacement. */
export interface ImportAdvice {
  readonly text: string
  readonly hint: string
}

/** Explains why files with this extension (lower case, no dot) cannot be imported without an attribute. */
export const refuseExtension = (extension: string): ImportAdvice =>
  extension === "wasm"
    ? {
        text: "WebAssembly cannot be imported from a file that was sent as text, which corrupts a .wasm module",
        hint: 'Send its bytes: { "base64": "AGFzbQ…" }.'
      }
    : {
        text:
          extension === "" ? "A file without extension cannot be imported" : `.${extension} files cannot be imported`,
        hint: `Importable are ${Object.keys(LOADERS).join(", ")}. To import it as text, write: with { type: "text" }, or name the file .txt.`
      }
