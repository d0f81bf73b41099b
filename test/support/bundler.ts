import { readFileSync } from "node:fs"
import { assert } from "@effect/vitest"
import {
  type Bundle,
  BundleError,
  type Bundler,
  type BundlerOptions,
  createBundler,
  type Diagnostic,
  type FileContent
} from "../../src/bundler/index.ts"

/** Sources by path. */
export type Files = Readonly<Record<string, string>>

/** Texts and bytes by path. */
export type SentFiles = Readonly<Record<string, FileContent>>

/** Workers cannot compile wasm, so their types have no constructor. Node has one. */
const Module = WebAssembly.Module as unknown as new (bytes: Uint8Array) => WebAssembly.Module

/** The compiler. */
export const wasm = new Module(readFileSync("src/bundler/generated/esbuild.wasm"))

/** A module cache that keeps nothing, and no network. */
export const offline = {
  fetch: (async (url: unknown) => assert.fail(`${String(url)} was fetched`)) as typeof fetch
}

/** A bundler, and the helpers of its tests. */
export const makeBundler = (options: Omit<BundlerOptions, "wasm"> = offline) => {
  const { bundle }: Bundler = createBundler({ ...options, wasm })
  /** Returns the diagnostics of sources that must not bundle. */
  const refusal = async (files: SentFiles): Promise<ReadonlyArray<Diagnostic>> => {
    const error: unknown = await bundle(files).then(
      () => assert.fail("it was bundled"),
      (error: unknown) => error
    )
    assert.instanceOf(error, BundleError)
    assert.isAbove(error.diagnostics.length, 0)
    return error.diagnostics
  }
  /** Returns the program's answer as JSON. */
  const values = async (files: SentFiles): Promise<unknown> => (await answer(await bundle(files))).json()
  return { bundle, refusal, values }
}

/** Runs the program and sends it a request. */
export const answer = async ({ code }: Pick<Bundle, "code">, url = "http://site.test/"): Promise<Response> => {
  const module: unknown = await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`)
  const { default: program } = module as {
    readonly default: { readonly fetch: (request: Request) => Promise<Response> }
  }
  return program.fetch(new Request(url))
}

/** Makes a program that answers the values of some expressions. */
export const answering = (imports: string, ...values: ReadonlyArray<string>): string =>
  `${imports}\nexport default { fetch: () => Response.json([${values.join(", ")}]) }\n`
