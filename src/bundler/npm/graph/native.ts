import { PackageRefused } from "../errors.ts"
import type { Package } from "../package/Package.ts"

/** Packages that load, find or build a native add-on. */
const LOADERS: ReadonlySet<string> = new Set([
  "bindings",
  "nan",
  "node-addon-api",
  "node-gyp-build",
  "node-gyp-build-optional-packages",
  "node-pre-gyp",
  "@mapbox/node-pre-gyp",
  "prebuild-install"
])

/** Whether a package is there to load a native add-on. */
export const isAddOnLoader = (name: string): boolean => LOADERS.has(name)

/** The replacements of well-known packages with native add-ons. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ["@node-rs/argon2", 'Use "@noble/hashes/argon2.js".'],
  ["@node-rs/bcrypt", 'Use "bcryptjs".'],
  ["argon2", 'Use "@noble/hashes/argon2.js".'],
  ["bcrypt", 'Use "bcryptjs".'],
  ["better-sqlite3", 'Use D1, or "@libsql/client/web" with a hosted database.'],
  ["canvas", "Write SVG."],
  ["esbuild", 'Use "sucrase".'],
  ["lightningcss", "Prepare the CSS before the deploy."],
  ["node-sass", 'Use "sass".'],
  ["sharp", 'Use Cloudflare Images, or "jimp".'],
  ["sqlite3", 'Use D1, or "@libsql/client/web" with a hosted database.'],
  ["@swc/core", 'Use "sucrase".'],
  ["typescript", 'Use version 5 or 6 ("typescript": "^6"), or "sucrase".']
])

/** The replacement of a package with WebAssembly. */
export const insteadOfWasm = (name: string): string => {
  const use = /photon|image|jpeg|png|webp|avif|squoosh/.test(name)
    ? 'Use Cloudflare Images, or "jimp".'
    : /(?:^|[-/])og|resvg|satori|yoga/.test(name)
      ? "Write SVG, and answer it as image/svg+xml."
      : "Use a package that is written in JavaScript alone."
  return `WebAssembly must be a module of its own, and the bundle is one module of JavaScript. ${use}`
}

/** Refuses a package that is a program for one machine. */
export const refuseNative = (pkg: Package): PackageRefused =>
  new PackageRefused(
    {
      code: "native",
      text: `${pkg.label} has a native add-on, a program for one kind of machine, which Workers do not run`,
      hint: INSTEAD.get(pkg.release.name) ?? "Use a package that is written in JavaScript alone.",
      package: pkg.release.name,
      version: pkg.release.version
    },
    pkg.chain()
  )
