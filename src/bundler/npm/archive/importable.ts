/** Modules by their names. Files without an extension may be modules, too. */
const IMPORTABLE = /(?:\.(?:[cm]?js|json|jsx)|(?:^|\/)[^./]+)$/

/** Documents without an extension, and settings of tools: nobody imports them. */
const DOCUMENT = /(?:^|\/)(?:licen[cs]e|readme|changelog|makefile|authors|contributors|notice|history|copying)[^/.]*$/i
const SETTINGS = /(?:^|\/)(?:tsconfig[^/]*|package-lock|\.eslintrc|tsdoc-metadata|bower|composer)\.json$/

/** Usually a second copy of the same modules, or their tests. */
const UNLIKELY_FOLDER =
  /(?:^|\/)(?:tests?|__tests__|examples?|docs?|benchmarks?|coverage|\.github|umd|esm5|esm2015|es5-bundle|node_modules\/\.bin)\//
const UNLIKELY_FILE = /\.(?:min|umd|iife|bundle|test|spec)\.[cm]?js$/

/** The longest path of a file; the longest that was measured has less than half of it. */
const MAX_PATH = 300

/** Whether a package's file can be imported, by its path. */
export const isImportable = (path: string): boolean =>
  path.length <= MAX_PATH && IMPORTABLE.test(path) && !DOCUMENT.test(path) && !SETTINGS.test(path)

/** Whether it says that the package is a native add-on. Its bytes are of no use, but its name is. */
export const isNativePart = (path: string): boolean =>
  path.length <= MAX_PATH && (path === "binding.gyp" || path.endsWith(".node"))

/** Whether an importable file is imported so rarely that large packages are kept without it. */
export const isUnlikely = (path: string): boolean => UNLIKELY_FOLDER.test(path) || UNLIKELY_FILE.test(path)
