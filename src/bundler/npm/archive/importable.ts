/** Modules by their names. Files without an extension may be modules, too. */
const IMPORTABLE = /(?:\.(?:[cm]?js|json|jsx)|(?:^|\/)[^./]+)$/

/** Documents without an extension, and settings of tools: nobody imports them. */
const DOCUMENT = /(?:^|\/)(?:licen[cs]e|readme|changelog|makefile|authors|contributors|notice|history|copying)[^/.]*$/i
const SETTINGS = /(?:^|\/)(?:tsconfig[^/]*|package-lock|\.eslintrc|tsdoc-metadata|bower|composer)\.json$/

/** Usually a second copy of the same modules, or their tests. */
const UNLIKELY_FOLDER =
  /(?:^|\/)(?:tests?|__tests__|examples?|docs?|benchmarks?|coverage|\.github|umd|esm5|esm2015|es5-bundle|node_modules\/\.bin)\//
const UNLIKELY_FILE = /\.(?:min|umd|iife|bundle|test|spec|wasm-base64)\.[cm]?js$/

/** The longest path of a file; the longest that was measured has less than half of it. */
const MAX_PATH = 300

/** Whether a package's file can be imported, by its path. */
export const isImportable = (path: string): boolean =>
  path.length <= MAX_PATH && IMPORTABLE.test(path) && !DOCUMENT.test(path) && !SETTINGS.test(path)

/** Files that are imported as text, as in a project. They are held only where something imports them. */
const TEXT = /\.(?:css|txt|html|sql|md)$/

/** Whether a package's file is imported as text, by its path. */
export const isText = (path: string): boolean => path.length <= MAX_PATH && TEXT.test(path)

/** Whether a package's file is a module of WebAssembly, by its path. It is held only where something imports it. */
export const isWasm = (path: string): boolean => path.length <= MAX_PATH && path.endsWith(".wasm")

/** How much of an archive is held for a file: a text or a module of WebAssembly for itself, or all that can be imported. */
export const extentFor = (path: string): "text" | "wasm" | "modules" =>
  isText(path) ? "text" : isWasm(path) ? "wasm" : "modules"

/** Whether it says that the package is a native add-on. Its bytes are of no use, but its name is. */
export const isNativePart = (path: string): boolean =>
  path.length <= MAX_PATH && (path === "binding.gyp" || path.endsWith(".node"))

/** Whether an importable file is imported so rarely that large packages are kept without it. */
export const isUnlikely = (path: string): boolean => UNLIKELY_FOLDER.test(path) || UNLIKELY_FILE.test(path)
