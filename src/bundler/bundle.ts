import type { Equipment } from "./files/describe.ts"

/** A program that is ready to run. */
export interface Bundle extends Equipment {
  /** The source file where it starts: `"src/index.ts"`; for a static site its page, `"public/index.html"`. */
  readonly entrypoint: string
  /** The module's name: `"worker.js"`. */
  readonly main: string
  /** The module: ES2024, everything in one, importing only `node:`, `cloudflare:` and `workerd:` modules, and `modules`. */
  readonly code: string
  /**
   * The source map of `code` as JSON text (version 3), where one was asked for (`sourceMap`). Its `sources` are the paths of
   * the files as they were sent; those of provided modules begin with `npm:`, of fetched ones with `https:`. Without the
   * sources themselves.
   */
  readonly map?: string
  /**
   * The versions of the packages in it, sorted, by what was asked for: `{ "zod@^4": "zod@4.6.7 sha512-…" }`; `{}` without
   * packages. A build with it (`lock`) yields the same code.
   */
  readonly lock: Readonly<Record<string, string>>
}

/** How one build differs from others. */
export interface BuildOptions {
  /** The program's purpose: to `serve` requests, which is the default, or to be called once: to `run`. */
  readonly purpose?: "serve" | "run"
  /**
   * Whether to make the source map as well. It takes a tenth more time, a sixth for the largest programs. The default is true
   * for `run`, whose answer includes a stack; a program for `serve` is built again with it if it fails to start. The code is
   * the same with and without.
   */
  readonly sourceMap?: boolean
  /** The versions of an earlier bundle to repeat. Its entries have precedence over locks among the files. */
  readonly lock?: Readonly<Record<string, string>> | undefined
}
