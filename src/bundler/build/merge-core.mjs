// @ts-check
import { build } from "esbuild-wasm"

/** The module that replaces the parts. Names of parts end in ".js", so that no source can import them. */
const CORE = "chunk-core.js"

/** Imports of parts, in minified modules. */
const IMPORT = /(?:from|import)"(?:\.{1,2}\/)+(chunk-\w+\.js)"/g

/** @type {(source: string | undefined) => ReadonlyArray<string>} */
const importsOf = (source = "") => [...source.matchAll(IMPORT)].map(([, id = ""]) => id)

/**
 * Bundles a text that imports modules by id.
 *
 * @type {(modules: Readonly<Record<string, string>>, text: string) => Promise<{ readonly text: string; readonly exports: ReadonlyArray<string> }>}
 */
const bundle = async (modules, text) => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: text, sourcefile: "core.js" },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    outfile: "core.js",
    logLevel: "silent",
    external: ["node:*", "cloudflare:*"],
    plugins: [
      {
        name: "parts",
        setup: ({ onResolve, onLoad }) => {
          onResolve({ filter: /^\.{1,2}\// }, ({ path }) => ({
            path: path.replace(/^(\.{1,2}\/)+/, ""),
            namespace: "part"
          }))
          onLoad({ filter: /.*/, namespace: "part" }, ({ path }) => ({ contents: modules[path] ?? "" }))
        }
      }
    ]
  })
  const [output] = Object.values(metafile.outputs)
  return { text: outputFiles[0]?.text.trim() ?? "", exports: output?.exports ?? [] }
}

/**
 * Adds a module that has everything of the module `entry` and the parts that it needs. The compiler asks twice for each module that it
 * loads, and `hono` has twenty parts: that took a third of the time of a small program's build. For each part, and for the entry,
 * `link-…` leads to its exports in the new module. A build takes either all links or none (`provided.ts`), so that there is one
 * `HTTPException` all the same. A build without the entry takes none, because most parts are small.
 *
 * @param {Readonly<Record<string, string>>} modules sources by id
 * @param {string} entry
 * @returns {Promise<Record<string, string>>}
 */
export const withCore = async (modules, entry) => {
  const parts = new Set([entry])
  for (const id of parts) for (const next of importsOf(modules[id])) parts.add(next)
  const names = [...parts].map((id, index) => ({ id, alias: (/** @type {string} */ name) => `c${index}_${name}` }))
  const exported = await Promise.all(
    names.map(async ({ id, alias }) => {
      const { exports } = await bundle(modules, `export * from "./${id}"`)
      return { id, pairs: exports.map((name) => /** @type {const} */ ([name, alias(name)])) }
    })
  )
  const lines = exported.map(
    ({ id, pairs }) => `export { ${pairs.map(([name, alias]) => `${name} as ${alias}`).join(", ")} } from "./${id}"`
  )
  const core = await bundle(modules, lines.join("\n"))
  const links = exported.map(({ id, pairs }) => [
    `link-${id.replace(/\.js$/, "")}.js`,
    `export{${pairs.map(([name, alias]) => `${alias} as ${name}`).join()}}from"./${CORE}";`
  ])
  return { ...modules, ...Object.fromEntries(links), [CORE]: core.text }
}
