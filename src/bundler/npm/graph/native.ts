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
  ["@duckdb/node-api", 'Use D1, or "@libsql/client/web" with a hosted database.'],
  ["@mongodb-js/zstd", 'Use zstdCompress of "node:zlib", or "fflate".'],
  ["@napi-rs/canvas", "Write SVG."],
  ["@node-rs/argon2", 'Use "@noble/hashes/argon2.js".'],
  ["@node-rs/bcrypt", 'Use "bcryptjs".'],
  ["@node-rs/crc32", 'Use crc32 of "node:zlib".'],
  ["@node-rs/jsonwebtoken", 'Use "jose".'],
  ["@node-rs/xxhash", 'Use "js-xxhash", or createHash of "node:crypto".'],
  ["@resvg/resvg-js", "Write SVG, and answer it as image/svg+xml."],
  ["@swc/core", 'Use "sucrase".'],
  ["@tensorflow/tfjs-node", 'Use Workers AI, or "@tensorflow/tfjs".'],
  ["argon2", 'Use "@noble/hashes/argon2.js".'],
  ["bcrypt", 'Use "bcryptjs".'],
  ["better-sqlite3", 'Use D1, or "@libsql/client/web" with a hosted database.'],
  ["canvas", "Write SVG."],
  ["duckdb", 'Use D1, or "@libsql/client/web" with a hosted database.'],
  ["esbuild", 'Use "sucrase".'],
  ["farmhash", 'Use createHash of "node:crypto".'],
  ["iconv", 'Use "iconv-lite".'],
  ["isolated-vm", "Workers run no code that they make themselves. Use an interpreter that is written in JavaScript."],
  ["keytar", "Keep secrets in variables of the Worker."],
  ["libsql", 'Use "@libsql/client/web" with a hosted database.'],
  ["libxmljs", 'Use "fast-xml-parser".'],
  ["libxmljs2", 'Use "fast-xml-parser".'],
  ["lightningcss", "Prepare the CSS before the deploy."],
  ["lmdb", "Use KV, or the storage of a Durable Object."],
  ["leveldown", "Use KV, or the storage of a Durable Object."],
  ["node-expat", 'Use "sax".'],
  ["node-sass", 'Use "sass".'],
  ["onnxruntime-node", "Use Workers AI."],
  ["oxc-parser", 'Use "acorn", or "@babel/parser".'],
  ["pg-native", 'Use "pg".'],
  ["re2", 'Use "re2js".'],
  ["sharp", 'Use Cloudflare Images, or "jimp".'],
  ["skia-canvas", "Write SVG."],
  ["snappy", 'Use "snappyjs".'],
  ["sodium-native", 'Use "@noble/ciphers" and "@noble/curves".'],
  ["sqlite3", 'Use D1, or "@libsql/client/web" with a hosted database.'],
  ["typescript", 'Use version 5 or 6 ("typescript": "^6"), or "sucrase".']
])

/** Whether a package is an add-on for machines that was compiled to WebAssembly with threads, which Workers do not have. */
export const isThreadedAddOn = (name: string): boolean => name.endsWith("-wasm32-wasi")

/** The replacements of a package with a native add-on. */
const insteadOfNative = (name: string): string =>
  INSTEAD.get(name) ?? "Use a package that is written in JavaScript alone."

/** Refuses a package that is a program for one machine. */
export const refuseNative = (pkg: Package): PackageRefused =>
  new PackageRefused(
    {
      code: "native",
      text: `${pkg.label} has a native add-on, a program for one kind of machine, which Workers do not run`,
      hint: insteadOfNative(pkg.release.name),
      package: pkg.release.name,
      version: pkg.release.version
    },
    pkg.chain()
  )
